import type { ScanContext } from '../format.ts';
import { latin1, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { isHarmlessOp, judgeScript } from '../torchscript/judge.ts';
import { scanPickle } from './pickle.ts';

const EXTRA_MAX_BYTES = 1024 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** how a mobile program names its operators: `aten::add` */
const NAMED_OP = /([A-Za-z_][A-Za-z0-9_]*)::([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * Where TorchScript keeps what: the program, its constants, where it came from, what was traced,
 * what the owner added.
 */
export const SCRIPT_MEMBER =
  /^(code\/(?:[\w-]+\/)*[\w-]+\.py(?:\.debug_pkl)?|constants\.pkl|traced_inputs\.pkl|bytecode\.pkl|mobile_debug_handles\.pkl|(?:constants|traced_inputs|bytecode)\/[0-9]+|extra\/[^/].*)$/;

/** A member of the archive that belongs to the program. */
interface ScriptMember {
  /** in the folder of the archive */
  readonly name: string;
  /** the path for findings */
  readonly inside: string;
  readonly source: ByteSource;
}

/**
 * Judges one member of the program; `pickled` judges a pickle that has storages, in the folder of
 * its name.
 */
export function scanScriptMember(
  { name, inside, source }: ScriptMember,
  context: ScanContext,
  pickled: (folder: string, source: ByteSource, inside: string) => void,
): void {
  if (/\.py$/.test(name)) return judgeCode(source, inside, context);
  if (name.startsWith('extra/')) return judgeExtra(source, inside, context);
  // numbers; the pickle of the folder says how many
  if (/^(constants|traced_inputs|bytecode)\/[0-9]+$/.test(name)) return;
  if (name === 'bytecode.pkl') judgeBytecode(source, inside, context);
  if (name.endsWith('.debug_pkl') || name === 'mobile_debug_handles.pkl') {
    const end = scanPickle(source, inside, context);
    if (end !== source.size)
      throw new Rejected(
        'format-trailing-data',
        `${source.size - end} bytes follow the end of the pickle.`,
        end,
      );
    return;
  }
  pickled(name.slice(0, -'.pkl'.length), source, inside);
}

function judgeCode(source: ByteSource, file: string, context: ScanContext): void {
  if (source.size > context.limits.textBytes)
    throw new Rejected('limit-exceeded', `A program may have ${context.limits.textBytes} bytes.`);
  const text = decoded(source);
  if (text === null)
    return context.report.add('torch-script', { file, why: 'The program is not UTF-8.' });
  for (const { why, symbol, at } of judgeScript(text)) {
    context.report.add('torch-script', {
      file,
      line: text.slice(0, at).split('\n').length,
      symbol,
      evidence: text.slice(at, at + 60),
      why,
    });
  }
}

/** The mobile form of the program: its operators stand in a table, by name. */
function judgeBytecode(source: ByteSource, file: string, context: ScanContext): void {
  if (source.size > context.limits.textBytes)
    throw new Rejected('limit-exceeded', `A program may have ${context.limits.textBytes} bytes.`);
  const bytes = Buffer.from(source.read(0, source.size));
  for (const match of latin1(bytes).matchAll(NAMED_OP)) {
    // a text of a pickle as PyTorch writes it: X, its length, its bytes; behind them stands the
    // next instruction
    const isText = match.index >= 5 && bytes[match.index - 5] === 0x58;
    const symbol = isText
      ? bytes.toString('latin1', match.index, match.index + bytes.readUInt32LE(match.index - 4))
      : match[0];
    const [space, name] = symbol.split('::') as [string, string];
    if (!isText || !isHarmlessOp(space, name))
      context.report.add('torch-script', {
        file,
        offset: match.index,
        symbol,
        why: `${symbol} is not on the list of operators that only calculate.`,
      });
  }
}

/** What the owner added by a name of their own: texts; nothing loads them by itself. */
export function judgeExtra(source: ByteSource, file: string, context: ScanContext): void {
  const text = source.size > EXTRA_MAX_BYTES ? null : decoded(source);
  if (text === null || text.includes('\0'))
    context.report.add('torch-script', {
      file,
      why: `A file beside the program is no text, or larger than ${EXTRA_MAX_BYTES} bytes; nobody knows what it is for.`,
    });
}

function decoded(source: ByteSource): string | null {
  try {
    return utf8.decode(Uint8Array.from(source.read(0, source.size)));
  } catch {
    return null;
  }
}
