import type { ScanContext } from '../../format.ts';
import { parseStrictJson, type JsonValue } from '../../json/strict.ts';

/** layers that run or load what the description says */
const REFUSED_CLASSES = new Set(['Lambda', '__lambda__', 'TFSMLayer', 'TorchModuleWrapper', 'JaxLayer', 'FlaxLayer']);
/** layers of functions of TensorFlow, which are named; and the parts of TensorFlow that only compute */
const FUNCTION_CLASSES = new Set(['TFOpLambda', 'TFClassMethod']);
const HARMLESS_FUNCTION = /^(math|nn|__operators__|linalg|strings|sparse|signal|image|ragged|shape|reshape|concat|cast|expand_dims|squeeze|stack|unstack|transpose|split|tile|identity|convert_to_tensor|ones_like|zeros_like|reverse|slice|strided_slice|clip_by_value|one_hot|gather|where|pad|repeat|broadcast_to|stop_gradient|reduce_[a-z]+|[a-z_]*compat\.v1\.(shape|transpose|nn\.[a-z0-9_]+))(\.[a-z0-9_]+)*$/;
/** settings that may hold the name of a file instead of its content */
const FILE_SETTINGS = new Set(['vocabulary', 'vocabulary_file', 'idf_weights', 'filepath', 'vocabulary_path']);
const KERAS_MODULE = /^(keras|tf_keras|tensorflow\.keras|tensorflow\.python\.keras|builtins)(\.|$)/;

/** One description of a layer or model by Keras 2 (JSON), wherever code could hide in it. */
export function checkKerasConfig(bytes: Uint8Array, at: number, file: string, context: ScanContext): void {
  const root = parseStrictJson(bytes, { maxDepth: 200, maxEntries: context.limits.jsonEntries, invalid: 'json-invalid', duplicate: 'json-invalid', baseOffset: at });
  const refuse = (symbol: string, why: string): void => context.report.add('tensorflow-keras-code', { file, offset: at, symbol, why });
  const look = (value: JsonValue): void => {
    if (Array.isArray(value)) value.forEach(look);
    if (!(value instanceof Map)) return;
    const name = value.get('class_name');
    if (typeof name === 'string' && REFUSED_CLASSES.has(name.slice(name.lastIndexOf('>') + 1))) refuse(name, `A ${name} layer runs code that the description carries or names.`);
    for (const [key, inner] of value) {
      if (key === '__lambda__' || (key === 'function_type' && inner === 'lambda')) refuse(key, 'The description carries the code of a function.');
      if (key === 'module' && typeof inner === 'string' && !KERAS_MODULE.test(inner)) refuse(inner, 'The description names a module that loading would import.');
      if (FILE_SETTINGS.has(key) && typeof inner === 'string') refuse(key, 'The description names a file that loading would read.');
      if (key === 'function' && typeof inner === 'string' && FUNCTION_CLASSES.has(String(name))) checkFunction(inner);
      look(inner);
    }
    const config = value.get('config');
    const called = config instanceof Map ? config.get('function') : undefined;
    if (FUNCTION_CLASSES.has(String(name)) && typeof called === 'string') checkFunction(called);
  };
  const checkFunction = (called: string): void => {
    if (!HARMLESS_FUNCTION.test(called)) context.report.add('tensorflow-keras-review', { file, offset: at, symbol: called });
  };
  look(root);
}
