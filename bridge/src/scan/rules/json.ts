import { block, review, type RuleArea } from './rule.ts';

export const jsonRules = {
  title: 'JSON',
  about: '',
  rules: {
    'json-invalid': block(
      'medium',
      'The file calls itself JSON and is not strict JSON, or has a key twice.',
      'Write the file again with a JSON library.',
    ),
    'json-remote-code': review(
      'high',
      '`auto_map` makes the transformers library import Python code that comes with the model.',
      'Have an approver read that code, or remove `auto_map`.',
    ),
  },
} as const satisfies RuleArea;
