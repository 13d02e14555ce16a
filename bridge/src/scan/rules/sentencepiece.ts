import { RESAVE, block, type RuleArea } from './rule.ts';

export const sentencepieceRules = {
  title: 'SentencePiece',
  about:
    'The vocabulary of a tokenizer (`tokenizer.model`, `spiece.model`), a protocol buffer. Its table of letters is followed by the library without a look at its end, so every place in it is checked.',
  rules: {
    'sentencepiece-structure': block(
      'high',
      'The vocabulary does not have the form that the library writes.',
      RESAVE,
    ),
  },
} as const satisfies RuleArea;
