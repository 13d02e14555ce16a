import { RESAVE, block, review, type RuleArea } from './rule.ts';

export const safetensorsRules = {
  title: 'safetensors',
  about:
    'Read to the letter of the format: strict JSON, known dtypes, tensors that tile the data exactly.',
  rules: {
    'safetensors-header': block(
      'high',
      'The length or the form of the safetensors header breaks the format.',
      RESAVE,
    ),
    'safetensors-json': block('high', 'The safetensors header is not strict JSON.', RESAVE),
    'safetensors-duplicate-key': block(
      'critical',
      'A key occurs twice in the header: two readers can see two different tensors.',
      RESAVE,
    ),
    'safetensors-tensor': block('high', 'The entry of a tensor breaks the format.', RESAVE),
    'safetensors-layout': block(
      'high',
      'The tensors do not cover the data exactly: there are gaps, overlaps or bytes left over.',
      RESAVE,
    ),
    'safetensors-metadata-code': review(
      'low',
      'A text of `__metadata__` reads like a command, a script or a pickle. Loading the file does not run it; what shows or uses the text could.',
      'Have an approver find out what the text is for, or remove it.',
    ),
    'safetensors-metadata': block('medium', '`__metadata__` must map text to text.', RESAVE),
  },
} as const satisfies RuleArea;
