import { isHarmlessOp } from '../torchscript/judge.ts';

const OPERATOR = /^torch\.ops\.([A-Za-z_]\w*)\.([A-Za-z_]\w*)\.([A-Za-z_]\w*)$/;
/** run graphs of the same file */
const HIGHER_ORDER =
  /^torch\.ops\.higher_order\.(cond|while_loop|map_impl|scan|associative_scan|wrap_with_set_grad_enabled|wrap_with_autocast)$/;
const PYTHON = new Set([
  'add',
  'sub',
  'mul',
  'truediv',
  'floordiv',
  'mod',
  'neg',
  'pos',
  'abs',
  'getitem',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'and_',
  'or_',
  'not_',
  'xor',
  'is_',
  'is_not',
]);
const MATH = new Set(['trunc', 'ceil', 'floor', 'sqrt', 'log2', 'fabs']);
const OF_SIZES =
  /^torch\.(sym_(int|float|max|min|not|sqrt|ite|sum|fresh_size)|_sym_\w+|_check(_is_size|_value|_index|_type)?)$/;
const DECOMPOSED =
  /^(quantize|dequantize)_per_(tensor|channel|token|channel_group)$|^choose_qparams(_per_token(_asymmetric)?|_symmetric)?$|^fake_quant_per_channel$/;

/**
 * PyTorch looks a name up below torch, operator or math, whatever it is, and calls what it finds.
 */
export function isTarget(name: string): boolean {
  const operator = OPERATOR.exec(name);
  if (operator !== null)
    return (
      isHarmlessOp(operator[1]!, operator[2]!) ||
      (operator[1] === 'quantized_decomposed' && DECOMPOSED.test(operator[2]!))
    );
  if (HIGHER_ORDER.test(name) || OF_SIZES.test(name)) return true;
  const [module, attribute, ...rest] = name.split('.');
  return (
    rest.length === 0 &&
    attribute !== undefined &&
    ((module === '_operator' && PYTHON.has(attribute)) ||
      (module === 'math' && MATH.has(attribute)))
  );
}
