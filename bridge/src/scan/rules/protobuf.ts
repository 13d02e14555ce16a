import { RESAVE, block, type RuleArea } from './rule.ts';

export const protobufRules = {
  title: 'Protocol buffers',
  about:
    'ONNX and TensorFlow write them. Read to the letter of the wire format and of the published messages; what lenient readers skip, repair or take the last of is refused.',
  rules: {
    'protobuf-wire': block(
      'high',
      'The bytes break the wire format: a length, a number or the type of a field.',
      RESAVE,
    ),
    'protobuf-duplicate-field': block(
      'critical',
      'A field that stands once in a message stands twice; readers take different ones.',
      RESAVE,
    ),
    'protobuf-unknown-field': block(
      'high',
      'A message has a field that the published format does not know; nobody can say what a loader makes of it.',
      RESAVE,
    ),
  },
} as const satisfies RuleArea;
