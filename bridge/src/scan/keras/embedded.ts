import { parseStrictJson, type JsonValue } from '../json/strict.ts';
import { Rejected } from '../report.ts';
import type { RuleId } from '../rules.ts';
import type { Limits } from '../types.ts';
import { judgeKerasConfig } from './config.ts';
import { REFUSED_CLASSES } from './refused.ts';
import type { TellConfig } from './objects.ts';

/**
 * What no text beside a model may say, whoever wrote it; names of classes mean something else to
 * other libraries.
 */
const CODE = new Set<RuleId>(['keras-code', 'keras-foreign-model', 'keras-function']);
/** models in models are deeper than other JSON */
const DEPTH_MAX = 200;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OPENING = new Set([0x7b, 0x5b]);

/**
 * Descriptions of Keras inside of other JSON: the topology of a TensorFlow.js model, a list of
 * models, notes of a training.
 */
export function judgeEmbeddedConfigs(root: JsonValue, tell: TellConfig): void {
  const look = (value: JsonValue, path: string): void => {
    if (Array.isArray(value)) return value.forEach((element, i) => look(element, `${path}[${i}]`));
    if (!(value instanceof Map)) return;
    if (typeof value.get('class_name') === 'string' && value.has('config')) {
      return judgeKerasConfig(
        value,
        (rule, symbol, inside, why) =>
          void (
            CODE.has(rule) &&
            tell(rule, symbol, [path, inside].filter((part) => part !== '').join('.'), why)
          ),
      );
    }
    for (const [key, inner] of value) look(inner, path === '' ? key : `${path}.${key}`);
  };
  look(root, '');
}

/**
 * One setting of a description in YAML, which Keras built models from before 2.6: `null` where it
 * runs nothing.
 */
export function judgeYamlSetting(
  key: string,
  value: unknown,
): { rule: RuleId; why: string } | null {
  if (typeof value !== 'string') return null;
  if (key === 'class_name')
    return REFUSED_CLASSES.get(value.slice(value.lastIndexOf('>') + 1)) ?? null;
  return key === 'function_type' && value === 'lambda' ? REFUSED_CLASSES.get('__lambda__')! : null;
}

/** These bytes as JSON, where they are an object or a list; null for all other text. */
export function tryJson(bytes: Uint8Array, limits: Limits): JsonValue {
  let start = 0;
  while (BLANKS.has(bytes[start] ?? 0)) start += 1;
  if (!OPENING.has(bytes[start] ?? 0)) return null;
  try {
    return parseStrictJson(bytes, {
      maxDepth: DEPTH_MAX,
      maxEntries: limits.jsonEntries,
      invalid: 'json-invalid',
      duplicate: 'json-invalid',
      nonFinite: true,
    });
  } catch (error) {
    if (error instanceof Rejected) return null;
    throw error;
  }
}
