/** Classes that are part of Keras and that no description may name, and why. */
export const REFUSED_CLASSES = new Map<
  string,
  { rule: 'keras-code' | 'keras-foreign-model'; why: string }
>([
  [
    'Lambda',
    {
      rule: 'keras-code',
      why: 'A Lambda layer runs Python code, which the file carries or names.',
    },
  ],
  [
    '__lambda__',
    {
      rule: 'keras-code',
      why: 'The file carries the byte code of a Python function, which loading turns into a function again.',
    },
  ],
  [
    'TFSMLayer',
    {
      rule: 'keras-foreign-model',
      why: 'A TFSMLayer loads and runs a SavedModel from the path that the file names (CVE-2026-1462).',
    },
  ],
  [
    'TorchModuleWrapper',
    {
      rule: 'keras-foreign-model',
      why: 'A TorchModuleWrapper unpickles a PyTorch module that the file carries.',
    },
  ],
  [
    'JaxLayer',
    {
      rule: 'keras-foreign-model',
      why: 'A JaxLayer runs functions that the file carries or names.',
    },
  ],
  [
    'FlaxLayer',
    { rule: 'keras-foreign-model', why: 'A FlaxLayer runs a module that the file names.' },
  ],
  [
    'TensorFlowOpLayer',
    {
      rule: 'keras-foreign-model',
      why: 'A TensorFlowOpLayer runs an operator of TensorFlow that the file describes, reading and writing files among them.',
    },
  ],
  [
    'ModuleWrapper',
    {
      rule: 'keras-foreign-model',
      why: 'A ModuleWrapper runs a method of a module that the file names.',
    },
  ],
]);

/** Values that are no classes at all. */
export const PLAIN_VALUES = new Set([
  '__tensor__',
  '__numpy__',
  '__bytes__',
  '__ellipsis__',
  '__slice__',
  '__keras_tensor__',
  '__tuple__',
  'TensorShape',
  'CompositeTensor',
]);

/** Layers of Keras 2 around a function of TensorFlow, which its name picks. */
export const FUNCTION_LAYERS = new Set([
  'TFOpLambda',
  'SlicingOpLambda',
  'TFClassMethod',
  'ClassMethod',
  'InstanceMethod',
  'InstanceProperty',
]);
/** under its own name, or that of TensorFlow 1 where that one is older */
const COMPUTES =
  /^(tf\.)?(compat\.v1\.)?(math|nn|random|quantization|__operators__|linalg|strings|sparse|signal|image|ragged|bitwise|dtypes|shape|size|rank|reshape|concat|cast|expand_dims|squeeze|stack|unstack|transpose|split|tile|identity|convert_to_tensor|ones|zeros|ones_like|zeros_like|fill|range|reverse|slice|strided_slice|boolean_mask|clip_by_value|clip_by_norm|one_hot|gather|gather_nd|where|pad|repeat|roll|sort|argsort|broadcast_to|stop_gradient|einsum|tensordot|norm|matmul|multiply|add|subtract|divide|abs|exp|sqrt|square|sign|round|maximum|minimum|equal|greater|less|logical_and|logical_or|logical_not|reduce_[a-z]+|sequence_mask|tensor_scatter_nd_[a-z]+|scatter_nd|meshgrid|linspace|eye|argmax|argmin|floor|log|pow|negative|tanh|sigmoid|cumsum|bitcast|ensure_shape|dynamic_partition|dynamic_stitch|searchsorted|unravel_index|unique|unique_with_counts)(\.[a-z0-9_]+)*$/;
const REACHES_OUT =
  /^(tf\.)?(io|py_function|numpy_function|raw_ops|data|saved_model|load_library|load_op_library|compat\.v1\.(py_func|read_file|write_file)|debugging|print|config|distribute|train|summary|autograph|feature_column|lookup|experimental)(\.|$)|(file|exec|eval|system|import|load|save|open)/i;

export function judgeTensorflowFunction(name: string): 'known' | 'refused' | 'unknown' {
  return COMPUTES.test(name) && !/(read|write)_file/.test(name)
    ? 'known'
    : REACHES_OUT.test(name)
      ? 'refused'
      : 'unknown';
}

/** Kinds of tensors that a description may name. */
export const TYPE_SPECS =
  /^(tf\.)?(TensorSpec|SparseTensorSpec|RaggedTensorSpec|TensorShape|KerasTensor|DTypeSpec|OptionalSpec|IndexedSlicesSpec)$/;
export const TYPE_SPEC_MODULES =
  /^tensorflow\.python\.(framework\.(tensor|tensor_spec|sparse_tensor|indexed_slices|type_spec)|ops\.ragged\.ragged_tensor)$/;

/** Initializers of TensorFlow, which the applications of Keras 2 name. */
const TENSORFLOW_INITIALIZERS =
  /^tensorflow\.python\.ops\.init_ops(_v2)?\.(Zeros|Ones|Constant|Identity|Orthogonal|RandomNormal|RandomUniform|TruncatedNormal|VarianceScaling|(Glorot|He|Lecun)(Normal|Uniform))$/;
export const isTensorflowInitializer = (module: string | null, name: string): boolean =>
  module !== null && TENSORFLOW_INITIALIZERS.test(`${module}.${name}`);

/** Settings that hold a value, or the path of a file that loading reads. */
export const FILE_SETTINGS = new Set([
  'vocabulary',
  'vocabulary_file',
  'vocabulary_path',
  'vocab',
  'vocab_file',
  'idf_weights',
  'merges',
  'proto',
  'filepath',
  'file_path',
  'path',
  'fname',
  'origin',
  'url',
  'cache_dir',
  'cache_subdir',
  'weights',
  'checkpoint',
  'checkpoint_path',
  'ckpt_to_load_from',
  'filename',
  'log_dir',
]);
/** Lists of words: they may look like anything. */
export const WORD_LISTS = new Set([
  'vocabulary',
  'vocabulary_list',
  'vocab',
  'merges',
  'special_tokens',
  'special_tokens_in_strings',
]);
const URL = /^[a-z][a-z0-9+.-]{1,20}:\/\//i;
const PATH = /^(\/|~\/|\.\.?\/|[A-Za-z]:[\\/]|\\\\)[^\s]/;

export const looksLikePlace = (text: string): boolean =>
  URL.test(text) || (PATH.test(text) && text.length > 2);
