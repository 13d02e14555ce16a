import { RESAVE, block, type RuleArea } from './rule.ts';

export const boosterRules = {
  title: 'XGBoost and LightGBM',
  about:
    'The files of `save_model` (.json, .ubj, .txt), and boosters in pickles: plain numbers, read node by node, since the libraries walk the trees by them.',
  rules: {
    'booster-structure': block(
      'high',
      'The trees are not as the library writes them: a reader that trusts them would leave its memory.',
      RESAVE,
    ),
  },
} as const satisfies RuleArea;
