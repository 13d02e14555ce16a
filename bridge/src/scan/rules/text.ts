import { block, type RuleArea } from './rule.ts';

export const textRules = {
  title: 'Text',
  about: 'Side files that people can read.',
  rules: {
    'yaml-python-tag': block('high', 'A tag asks loaders of YAML to import or call something of Python; no setting needs that.', 'Write plain values; load with yaml.safe_load.'),
    'text-encoding': block('medium', 'A text file must be UTF-8 without control characters.', 'Save the file as UTF-8 text.'),
  },
} as const satisfies RuleArea;
