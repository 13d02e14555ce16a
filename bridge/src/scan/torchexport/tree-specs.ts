import { parseStrictJson, type JsonValue } from '../json/strict.ts';
import { Rejected } from '../report.ts';
import type { Limits } from '../types.ts';
import { isName } from './expressions.ts';

const NODE_KEYS = new Set(['type', 'context', 'children_spec']);
const TYPES = new Set([
  'builtins.tuple',
  'builtins.list',
  'builtins.dict',
  'collections.OrderedDict',
  'collections.deque',
  'torch.Size',
  'torch.fx.immutable_collections.immutable_list',
  'torch.fx.immutable_collections.immutable_dict',
]);
/** keys of what comes out, and words of what goes in: the latter become parameters of a function */
const KEY = /^[\w .:/-]{0,200}$/;

/**
 * How inputs and outputs are nested: JSON in a text, whose contexts are JSON in texts again. A
 * context with a class in it would be imported by its name, so only plain keys are let through.
 * Answers why it is refused, or null.
 */
export function treeSpecFault(text: string, ofInputs: boolean, limits: Limits): string | null {
  const read = (json: string): JsonValue =>
    parseStrictJson(Buffer.from(json), {
      maxDepth: limits.jsonDepth,
      maxEntries: limits.jsonEntries,
      invalid: 'torch-export',
      duplicate: 'torch-export',
    });
  const isKey = (key: JsonValue): boolean =>
    key === null ||
    (typeof key === 'string'
      ? KEY.test(key) && (!ofInputs || isName(key))
      : typeof key === 'object' && 'text' in key);
  const isPlainContext = (context: JsonValue | undefined): boolean => {
    if (context === null) return true;
    const keys = typeof context === 'string' ? read(context) : undefined;
    return (
      keys === null ||
      (Array.isArray(keys) && keys.every(isKey)) ||
      (keys !== undefined && typeof keys === 'object' && 'text' in keys)
    );
  };
  const fault = (value: JsonValue): string | null => {
    if (!(value instanceof Map)) return 'a part of it is no object';
    const [type, context, children] = [
      value.get('type'),
      value.get('context'),
      value.get('children_spec'),
    ];
    if (type !== null && !(typeof type === 'string' && TYPES.has(type)))
      return `${JSON.stringify(type)?.slice(0, 80)} is no container that the scanner knows`;
    if (!Array.isArray(children) || [...value.keys()].some((key) => !NODE_KEYS.has(key)))
      return 'a part of it has other keys than type, context and children_spec';
    if (!isPlainContext(context)) return 'a context of it is not a list of plain keys';
    for (const child of children) {
      const inner = fault(child);
      if (inner !== null) return inner;
    }
    return null;
  };
  try {
    const root = read(text);
    return Array.isArray(root) && root.length === 2
      ? fault(root[1]!)
      : 'it is not a version and a description';
  } catch (error) {
    if (error instanceof Rejected) return `it is not strict JSON: ${error.message}`;
    throw error;
  }
}
