import { readData } from '../data/read.ts';
import { scriptTokens, ScriptFault, type Token } from './tokens.ts';

export interface ScriptFinding {
  why: string;
  symbol: string;
  /** characters from the start */ at: number;
}
interface Data {
  date: string;
  torch: string;
  ops: Record<string, string[]>;
}

const FINDINGS_MAX = 20;
/** Words of Python that PyTorch never writes: nothing of them is needed to calculate. */
const FOREIGN = new Set([
  'import',
  'from',
  'exec',
  'eval',
  'lambda',
  'global',
  'nonlocal',
  'try',
  'except',
  'finally',
  'raise',
  'with',
  'async',
  'await',
  'yield',
  'del',
  '__import__',
  '__builtins__',
  'rpc_async',
  'rpc_sync',
  'rpc_remote',
]);
/**
 * Objects of C++ libraries, which the loader makes with the file's own data; those of quantized
 * layers are PyTorch's.
 */
const CLASSES =
  /^__torch__\.torch\.classes(?!\.quantized\.(Conv2d|Conv3d|Linear|Embedding)PackedParamsBase$)(\.|$)/;
/** On the way to something that is named in two steps. */
const HALFWAY = /^__torch__(\.torch)?$/;

let known: Map<string, Set<string>> | undefined;
function ops(): Map<string, Set<string>> {
  known ??= new Map(
    Object.entries(readData<Data>('torchscript-ops.json').ops).map(([space, names]) => [
      space,
      new Set(names),
    ]),
  );
  return known;
}

/** `space::name`, as the interpreter names it: one that only calculates. */
export const isHarmlessOp = (space: string, name: string): boolean =>
  ops().get(space)?.has(name) === true;

/**
 * Reads a program of TorchScript without running it. An empty answer: it calls nothing but
 * operators that calculate.
 */
export function judgeScript(text: string): ScriptFinding[] {
  const findings: ScriptFinding[] = [];
  const tell = (why: string, symbol: string, at: number): void => {
    if (findings.length < FINDINGS_MAX) findings.push({ why, symbol, at });
  };
  try {
    for (const { names, at } of dotted(scriptTokens(text))) judgeName(names, at, tell);
  } catch (error) {
    if (!(error instanceof ScriptFault)) throw error;
    tell(`The program cannot be read: ${error.message}`, '', error.at);
  }
  return findings;
}

function judgeName(
  names: string[],
  at: number,
  tell: (why: string, symbol: string, at: number) => void,
): void {
  const [first, second, third] = names as [string, string?, string?];
  const symbol = names.join('.');
  if (FOREIGN.has(first)) return tell(`"${first}" is nothing that PyTorch writes.`, symbol, at);
  if (first === 'torch' && (second === undefined || !isHarmlessOp('aten', second)))
    tell(`${symbol} is not on the list of operators that only calculate.`, symbol, at);
  if (
    first === 'ops' &&
    (second === undefined || third === undefined || !isHarmlessOp(second, third))
  )
    tell(`${symbol} is not on the list of operators that only calculate.`, symbol, at);
  if (HALFWAY.test(symbol))
    tell(`${symbol} is half of a name; PyTorch writes it whole.`, symbol, at);
  if (CLASSES.test(symbol))
    tell(
      `${symbol} is an object of a C++ library, which the loader makes with what the file says.`,
      symbol,
      at,
    );
}

/**
 * Names with what follows them behind dots; what follows a value, `(x).forward`, is a method of the
 * program's own.
 */
function* dotted(tokens: Iterable<Token>): Generator<{ names: string[]; at: number }> {
  let current: { names: string[]; at: number } | null = null;
  let after: 'name' | 'dot' | 'other' = 'other';
  for (const { kind, text, at } of tokens) {
    if (kind === 'name') {
      if (after === 'dot') current?.names.push(text);
      else {
        if (current) yield current;
        current = { names: [text], at };
      }
      after = 'name';
    } else if (text === '.') {
      if (after !== 'name' && current) {
        yield current;
        current = null;
      }
      after = 'dot';
    } else {
      if (current) yield current;
      current = null;
      after = 'other';
    }
  }
  if (current) yield current;
}
