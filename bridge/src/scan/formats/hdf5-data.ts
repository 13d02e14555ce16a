import type { ScanContext } from '../format.ts';
import type { Dataset } from '../hdf5/dataset.ts';
import type { RawData } from '../hdf5/raw-data.ts';
import { judgeEmbeddedConfigs, tryJson } from '../keras/embedded.ts';
import { OP_NAMES } from '../pickle/opcodes.ts';
import { Rejected, Report, latin1 } from '../report.ts';
import { BufferSource } from '../source.ts';
import { pickle, scanPickle } from './pickle.ts';

/** PyTables, and pandas through it, writes `.` at the end of what it unpickles */
const DOT = 0x2e;
const PROTO = 0x80;
const PSEUDOATOM = 'PSEUDOATOM';
/** of an array of single bytes; what is longer and begins like a pickle is one */
const PICKLE_MAX_BYTES = 64 * 1024 * 1024;
/** by one of these a pickle names what it imports: the end of a line, or STACK_GLOBAL and EXT */
const IMPORTS = [0x0a, 0x93, 0x82, 0x83, 0x84];
/** where only a line may name it: GLOBAL and INST, with names that Python can import */
const NAMES_IMPORT = /[ci][A-Za-z_][\w.]{0,200}\n[A-Za-z_][\w.]{0,200}\n/;
const SHORT_BYTES = 64 * 1024;
/** texts of one file that are tried as pickles; most are told apart before that */
const TRIALS_MAX = 50_000;

/**
 * Judges the datasets of one file. hickle and people's own savers keep pickles in arrays of bytes,
 * texts and numbers, and unpickle them. What begins with the mark of a pickle is looked at in all
 * of them, what has no mark in single bytes only.
 */
export class DataJudge {
  private readonly file: string;
  private readonly context: ScanContext;
  private trialsLeft = TRIALS_MAX;

  constructor(file: string, context: ScanContext) {
    this.file = file;
    this.context = context;
  }

  data({ path, type, space }: Dataset, data: RawData): void {
    const { file, context } = this;
    if (type.kind === 'text' && type.size > 1) return this.texts(path, data, type.size);
    const stored = candidate(data, (type.kind === 'array' ? type.element : type.size) === 1);
    if (stored === null) return;
    // the last chunk is filled up
    const all = stored.subarray(0, space.elements * type.size);
    if (stored.length > PICKLE_MAX_BYTES && isMarked(all))
      throw new Rejected(
        'limit-exceeded',
        `The array ${JSON.stringify(path.slice(0, 120))} begins like a pickle and has more than ${PICKLE_MAX_BYTES} bytes.`,
        data.at,
      );
    if (!data.inOrder && isMarked(all))
      return context.report.add('pickle-embedded', {
        file,
        offset: data.at,
        symbol: path,
        why: 'The array begins like a pickle, and its chunks do not follow each other as its elements do.',
      });
    if (actsAsPickle(all, file, context)) judgePickle(all, `${file}!${path}`, context);
  }

  /**
   * An element that lies apart from its array: a text, or a list of bytes, which is how PyTables
   * keeps objects.
   */
  element({ path, type, attributes }: Dataset, bytes: Buffer, offset: number): void {
    const { file, context } = this;
    if (type.kind !== 'list') return this.text(path, bytes, offset);
    const isObject = attributes.some(
      ({ name, texts }) =>
        name === PSEUDOATOM && texts?.some((text) => text.includes('object')) === true,
    );
    if (isObject || isPickle(bytes, file, context) || actsAsPickle(bytes, file, context))
      judgePickle(bytes, `${file}!${path}`, context);
  }

  private texts(path: string, data: RawData, bytes: number): void {
    for (const piece of data.pieces()) {
      for (let from = 0; from + bytes <= piece.length; from += bytes)
        this.text(path, trimmed(piece.subarray(from, from + bytes)), data.at);
    }
  }

  private text(path: string, bytes: Buffer, offset: number): void {
    const { file, context } = this;
    const mayAct = mayImport(bytes);
    if (mayAct && --this.trialsLeft < 0)
      throw new Rejected(
        'limit-exceeded',
        `The file has more than ${TRIALS_MAX} texts that could be pickles.`,
        offset,
      );
    if (mayAct && acts(bytes, file, context)) return judgePickle(bytes, `${file}!${path}`, context);
    judgeEmbeddedConfigs(tryJson(bytes, context.limits), (rule, symbol, evidence, why) =>
      context.report.add(rule, { file, offset, symbol, evidence: `${path}: ${evidence}`, why }),
    );
  }
}

/**
 * What is stored, no more of it than a pickle may have; null for what does not begin like one, as
 * nearly all arrays do not.
 */
function candidate(data: RawData, ofBytes: boolean): Buffer | null {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for (const piece of data.pieces()) {
    pieces.push(piece);
    bytes += piece.length;
    if (pieces.length === 1 && !(ofBytes ? mayBePickle(piece) : isMarked(piece))) return null;
    if (bytes > PICKLE_MAX_BYTES) break;
  }
  return Buffer.concat(pieces);
}

export function judgePickle(bytes: Uint8Array, inside: string, context: ScanContext): void {
  context.report.formats[inside] = pickle.id;
  context.report.guard(inside, () => pickle.scan(new BufferSource(bytes), inside, context));
}

/** Would unpickling these bytes come to its end, or do something before it fails? */
export function isPickle(bytes: Uint8Array, file: string, context: ScanContext): boolean {
  if (bytes.at(-1) !== DOT) return false;
  const report = new Report(context.limits);
  try {
    pickle.scan(new BufferSource(bytes), file, { ...context, report, nested: () => undefined });
    return true;
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return report.findings.length > 0 || error.rule === 'format-trailing-data';
  }
}

/**
 * The same of bytes of any kind. Text of people names something by chance; it does not call it, nor
 * does it end where a pickle ends.
 */
export const actsAsPickle = (bytes: Uint8Array, file: string, context: ScanContext): boolean =>
  mayImport(bytes) && acts(bytes, file, context);

function acts(bytes: Uint8Array, file: string, context: ScanContext): boolean {
  const report = new Report(context.limits);
  const marked = isMarked(bytes);
  try {
    scanPickle(
      new BufferSource(bytes),
      file,
      { ...context, report, nested: () => undefined },
      { inlineArrays: { mode: 'run' } },
    );
    return marked || report.findings.length > 0;
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return report.findings.some(({ rule }) => marked || rule.startsWith('pickle-call'));
  }
}

function mayImport(bytes: Uint8Array): boolean {
  const [line, ...others] = IMPORTS;
  if (!mayBePickle(bytes)) return false;
  if (bytes.length > SHORT_BYTES) return IMPORTS.some((byte) => bytes.includes(byte));
  return (
    others.some((byte) => bytes.includes(byte)) ||
    (bytes.includes(line!) && NAMES_IMPORT.test(latin1(bytes)))
  );
}

const isMarked = (bytes: Uint8Array): boolean =>
  bytes[0] === PROTO && bytes[1]! >= 2 && bytes[1]! <= 5 && OP_NAMES.has(bytes[2] ?? 0);
const mayBePickle = (bytes: Uint8Array): boolean =>
  isMarked(bytes) || (OP_NAMES.has(bytes[0] ?? 0) && bytes[0] !== PROTO);

/** Texts of a fixed size are filled up with zeros. */
export function trimmed(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && text[end - 1] === 0) end--;
  return text.subarray(0, end);
}
