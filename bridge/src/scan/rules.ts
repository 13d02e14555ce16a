import { archiveRules } from './rules/archive.ts';
import { boosterRules } from './rules/booster.ts';
import { compressedRules } from './rules/compressed.ts';
import { contentRules } from './rules/content.ts';
import { dockerfileRules } from './rules/dockerfile.ts';
import { ggufRules } from './rules/gguf.ts';
import { hdf5Rules } from './rules/hdf5.ts';
import { jsonRules } from './rules/json.ts';
import { kerasRules } from './rules/keras.ts';
import { limitsRules } from './rules/limits.ts';
import { numpyRules } from './rules/numpy.ts';
import { onnxRules } from './rules/onnx.ts';
import { pickleRules } from './rules/pickle.ts';
import { protobufRules } from './rules/protobuf.ts';
import { safetensorsRules } from './rules/safetensors.ts';
import { selfRules } from './rules/self.ts';
import { sentencepieceRules } from './rules/sentencepiece.ts';
import { tarRules } from './rules/tar.ts';
import { tensorflowRules } from './rules/tensorflow.ts';
import { textRules } from './rules/text.ts';
import { tfliteRules } from './rules/tflite.ts';
import { torchRules } from './rules/torch.ts';
import { zipRules } from './rules/zip.ts';
import type { Rule, RuleArea } from './rules/rule.ts';

/** Changes whenever a verdict could change: rules, allow-list, limits. Stored with each verdict. */
export const RULESET_VERSION = '2026.11.30';

/**
 * Every area, in the order of docs/scan-rules.md, which `npm run docs:scan-rules` writes from them.
 */
export const RULE_AREAS = [
  contentRules,
  limitsRules,
  selfRules,
  safetensorsRules,
  pickleRules,
  torchRules,
  zipRules,
  tarRules,
  compressedRules,
  archiveRules,
  numpyRules,
  ggufRules,
  hdf5Rules,
  kerasRules,
  protobufRules,
  onnxRules,
  tensorflowRules,
  tfliteRules,
  sentencepieceRules,
  boosterRules,
  textRules,
  jsonRules,
  dockerfileRules,
] as const satisfies readonly RuleArea[];

type RulesOf<Areas> = Areas extends readonly [infer First extends RuleArea, ...infer Rest]
  ? keyof First['rules'] | RulesOf<Rest>
  : never;

export type RuleId = RulesOf<typeof RULE_AREAS> & string;

export const RULES = Object.assign({}, ...RULE_AREAS.map(({ rules }) => rules)) as Record<
  RuleId,
  Rule
>;
