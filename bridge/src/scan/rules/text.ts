import { block, type RuleArea } from './rule.ts';

export const textRules = {
  title: 'Text',
  about: 'Side files that people can read.',
  rules: {
    'text-encoding': block('medium', 'A text file must be UTF-8 without control characters.', 'Save the file as UTF-8 text.'),
  },
} as const satisfies RuleArea;
