const EXPRESSION_MAX = 4000;
const IDENTIFIER = /^[A-Za-z_]\w*$/;
/**
 * What sympy and PyTorch calculate sizes with. Powers and shifts only as below: a large one fills
 * the memory.
 */
const FUNCTIONS = new Set([
  'Symbol',
  'Integer',
  'Rational',
  'Float',
  'Add',
  'Mul',
  'Max',
  'Min',
  'Abs',
  'FloorDiv',
  'ModularIndexing',
  'Where',
  'PythonMod',
  'Mod',
  'CleanDiv',
  'CeilToInt',
  'FloorToInt',
  'CeilDiv',
  'FloatTrueDiv',
  'IntTrueDiv',
  'TruncToFloat',
  'TruncToInt',
  'RoundToInt',
  'RoundDecimal',
  'ToFloat',
  'Identity',
  'IsNonOverlappingAndDenseIndicator',
  'Equality',
  'Unequality',
  'LessThan',
  'GreaterThan',
  'StrictLessThan',
  'StrictGreaterThan',
  'Eq',
  'Ne',
  'Le',
  'Lt',
  'Ge',
  'Gt',
  'And',
  'Or',
  'Not',
]);
const WORDS = new Set([
  'true',
  'false',
  'True',
  'False',
  'positive',
  'integer',
  'nonnegative',
  'negative',
  'real',
  'finite',
  'precision',
  'zero',
  'nonzero',
]);
const SMALL_POWER =
  /\bPow\((Symbol\('\w{1,40}'(?:, \w{1,20}=True)*\)|[a-z]\w{0,40}), Integer\(-?[0-9]{1,2}\)\)/g;
const TOKENS =
  /\s+|Symbol\('[A-Za-z_]\w*'|[A-Za-z_]\w*\(?|[0-9]{1,20}(?:\.[0-9]{0,20})?(?:e[+-]?[0-9]{1,2})?|\/\/|[-+*/%(),=<>!&|~]/y;
/** a number in quotes, as Float('0.5', precision=53) has it */
const QUOTED_NUMBER = /'-?[0-9.]{1,40}(?:e[+-]?[0-9]{1,3})?'/g;
/** guards speak of the inputs alone: L['x'].size()[0] */
const GUARD_TOKENS =
  /\s+|L(?![A-Za-z_0-9])|\['\w{1,80}'\]|\[-?[0-9]{1,9}\]|\.size\(\)|\.(?:shape|ndim|stride\(\)|storage_offset\(\))(?![A-Za-z_0-9(])|(?:and|or|not|True|False)(?![A-Za-z_0-9])|[0-9]{1,20}(?![A-Za-z_0-9])|[<>=!]=|\/\/|[-+*/%()<>]/y;

/** The name of a value, an argument or a parameter becomes part of a program of Python. */
export const isName = (text: string): boolean => text === '' || IDENTIFIER.test(text);

/** A size, which PyTorch hands to sympy.sympify: that evaluates it as Python. */
export function isExpression(text: string): boolean {
  if (text.length > EXPRESSION_MAX || text.includes('**')) return false;
  const plain = text.replace(SMALL_POWER, 's0').replace(QUOTED_NUMBER, '0');
  return consists(plain, TOKENS, (token) => {
    if (token.startsWith('Symbol(')) return true;
    if (/^[A-Za-z_]/.test(token))
      return token.endsWith('(')
        ? FUNCTIONS.has(token.slice(0, -1))
        : WORDS.has(token) || /^[a-z]{1,4}[0-9]{1,9}$/.test(token);
    return true;
  });
}

/** A condition on sizes, which PyTorch compiles as Python. */
export const isGuard = (text: string): boolean =>
  text.length <= EXPRESSION_MAX && !text.includes('**') && consists(text, GUARD_TOKENS, () => true);

function consists(text: string, tokens: RegExp, permitted: (token: string) => boolean): boolean {
  const pattern = new RegExp(tokens.source, 'y');
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null || !permitted(match[0])) return false;
  }
  return true;
}
