import { parseStrictJson, type JsonValue } from '../json/strict.ts';
import type { Report } from '../report.ts';
import type { Limits } from '../types.ts';
import { isKerasConfig, judgeKerasConfig } from './config.ts';

/** objects in objects: models in models, each with layers, wrappers and initializers */
const DEPTH_MAX = 200;
const STRING_OR_ODD_NUMBER = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/gs;

export interface ConfigPlace {
  file: string;
  /** where the text begins in the file */
  offset: number;
  report: Report;
  limits: Limits;
}

/**
 * The text of a description, as strict JSON: what Keras unescapes is unescaped before it is judged.
 */
export function judgeKerasJson(bytes: Uint8Array, place: ConfigPlace): JsonValue {
  const root = parseKerasJson(bytes, place);
  tellKerasConfig(root, place);
  return root;
}

export function parseKerasJson(
  bytes: Uint8Array,
  { offset, limits }: Pick<ConfigPlace, 'offset' | 'limits'>,
): JsonValue {
  return parseStrictJson(withoutInfinity(bytes), {
    maxDepth: DEPTH_MAX,
    maxEntries: limits.jsonEntries,
    invalid: 'keras-config',
    duplicate: 'keras-duplicate-key',
    baseOffset: offset,
  });
}

/**
 * Python writes numbers that JSON does not have; a mask of a layer is often -Infinity. All that
 * follows stays at its place.
 */
function withoutInfinity(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!text.includes('Infinity') && !text.includes('NaN')) return bytes;
  const replaced = text
    .toString('latin1')
    .replace(STRING_OR_ODD_NUMBER, (found) =>
      found.startsWith('"') ? found : '0'.padEnd(found.length),
    );
  return Buffer.from(replaced, 'latin1');
}

export function tellKerasConfig(
  root: JsonValue,
  { file, offset, report }: Omit<ConfigPlace, 'limits'>,
): void {
  judgeKerasConfig(root, (rule, symbol, path, why) =>
    report.add(rule, { file, offset, symbol, evidence: path, why }),
  );
}

export { isKerasConfig };
