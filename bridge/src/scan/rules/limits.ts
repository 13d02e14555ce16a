import { block, type RuleArea } from './rule.ts';

export const limitsRules = {
  title: 'Limits',
  about: 'All limits are told with the verdict (`details.limits`).',
  rules: {
    'limit-exceeded': block(
      'high',
      'A limit of the scan was reached before the end.',
      'Split the file, or ask a manager to raise the limit.',
    ),
  },
} as const satisfies RuleArea;
