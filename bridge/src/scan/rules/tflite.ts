import { RESAVE, block, type RuleArea } from './rule.ts';

const BUILTIN = 'Convert the model with built-in operators only (`TFLITE_BUILTINS`).';

export const tfliteRules = {
  title: 'TensorFlow Lite',
  about:
    'All tables of the file are walked, each offset held against the file. Each byte belongs to one part of it. Lists of words that go along with a model lie in a zip behind it and are read as text.',
  rules: {
    'tflite-structure': block('high', 'An offset, a table or a list breaks the format.', RESAVE),
    'tflite-reference': block(
      'critical',
      'The model names a tensor, buffer, operator or subgraph that it does not have; the interpreter would reach into memory that is not the model’s.',
      RESAVE,
    ),
    'tflite-tensor': block(
      'high',
      'The data of a tensor are not as many as type and shape need, or its texts or indices lead out of it.',
      RESAVE,
    ),
    'tflite-operator': block(
      'critical',
      'The model calls an operator that runs code from outside of the model: a custom one, one of TensorFlow itself (Flex) or one that nobody knows.',
      BUILTIN,
      'The custom operators that TensorFlow Lite brings itself are known: `TFLite_Detection_PostProcess`, `AudioSpectrogram`, `Mfcc`, `NumericVerify`.',
    ),
    'tflite-external-buffer': block(
      'high',
      'Weights lie in files beside the model, which the scanner does not follow.',
      'Convert the model into one file.',
    ),
  },
} as const satisfies RuleArea;
