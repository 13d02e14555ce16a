import type { Format, ScanContext } from '../format.ts';
import { judgeTemplate } from '../jinja/policy.ts';
import { Rejected, type Report } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { GgufCursor } from './gguf-values.ts';

const MARK = [0x47, 0x47, 0x55, 0x46];
const ALIGNMENT_KEY = 'general.alignment';
const ALIGNMENT_DEFAULT = 32;
const DIMENSIONS_MAX = 4;
const NAME_BYTES_MAX = 64;
/** key length, one character, type, one byte */
const PAIR_BYTES_MIN = 8 + 1 + 4 + 1;
/** name length, one character, dimensions, type, offset */
const TENSOR_BYTES_MIN = 8 + 1 + 4 + 8 + 4 + 8;
/**
 * ggml type → [values in a block, bytes of a block]:
 * https://github.com/ggml-org/ggml/blob/master/include/ggml.h
 */
const TYPES: Record<number, [number, number]> = {
  0: [1, 4],
  1: [1, 2],
  2: [32, 18],
  3: [32, 20],
  6: [32, 22],
  7: [32, 24],
  8: [32, 34],
  9: [32, 36],
  10: [256, 84],
  11: [256, 110],
  12: [256, 144],
  13: [256, 176],
  14: [256, 210],
  15: [256, 292],
  16: [256, 66],
  17: [256, 74],
  18: [256, 98],
  19: [256, 50],
  20: [32, 18],
  21: [256, 110],
  22: [256, 82],
  23: [256, 136],
  24: [1, 1],
  25: [1, 2],
  26: [1, 4],
  27: [1, 8],
  28: [1, 8],
  29: [256, 56],
  30: [1, 2],
  34: [256, 54],
  35: [256, 66],
  39: [32, 17],
};

/** https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
export const gguf: Format = {
  id: 'gguf',
  title: 'a GGUF model',
  extensions: ['gguf'],
  sniff: (_source, head) => MARK.every((byte, i) => head[i] === byte),
  scan: scanGguf,
};

function scanGguf(source: ByteSource, file: string, context: ScanContext): void {
  const cursor = new GgufCursor(source);
  cursor.skip(MARK.length);
  const version = cursor.u32();
  if (version !== 2 && version !== 3)
    throw new Rejected(
      'gguf-structure',
      version >>> 16 !== 0
        ? 'The file is written for machines of the other byte order.'
        : `Version ${version} of the format is not read.`,
      4,
    );
  const tensors = cursor.count(TENSOR_BYTES_MIN, 'tensors');
  const pairs = cursor.count(PAIR_BYTES_MIN, 'keys');
  if (tensors > context.limits.jsonEntries || pairs > context.limits.jsonEntries)
    throw new Rejected(
      'limit-exceeded',
      `A header may have ${context.limits.jsonEntries} entries.`,
      8,
    );
  const alignment = readPairs(cursor, pairs, file, context);
  const ranges = readTensors(cursor, tensors, alignment);
  checkLayout(source, cursor.at, ranges, alignment);
}

/** Keys and values; chat templates are judged on the way. Answers the alignment of the data. */
function readPairs(cursor: GgufCursor, count: number, file: string, context: ScanContext): number {
  const keys = new Set<string>();
  let alignment = ALIGNMENT_DEFAULT;
  for (let i = 0; i < count; i++) {
    const at = cursor.at;
    const key = cursor.key('A key');
    if (key === '' || keys.has(key))
      throw new Rejected(
        'gguf-structure',
        key === '' ? 'A key is empty.' : `The key ${key} occurs twice.`,
        at,
      );
    keys.add(key);
    const type = cursor.u32();
    const valueAt = cursor.at;
    const value = cursor.value(type, key, context.limits.textBytes);
    if (key === ALIGNMENT_KEY) alignment = alignmentOf(value, valueAt);
    if (!key.includes('chat_template')) continue;
    if (typeof value === 'string')
      tellTemplate(value, { file, offset: valueAt, key }, context.report);
    // `tokenizer.chat_templates` lists the names of further ones
    else if (key !== 'tokenizer.chat_templates')
      throw new Rejected('gguf-structure', `${key} is not a text.`, valueAt);
  }
  return alignment;
}

function alignmentOf(value: unknown, at: number): number {
  if (typeof value !== 'number' || value < 8 || value > 65_536 || (value & (value - 1)) !== 0)
    throw new Rejected(
      'gguf-structure',
      'The alignment is not a power of two from 8 to 65,536.',
      at,
    );
  return value;
}

/** Where a template stands; `offset` in files of which places are told so. */
interface TemplatePlace {
  readonly file: string;
  readonly offset?: number;
  readonly key: string;
}

/** Every finding of a template, at the place where it stands. */
export function tellTemplate(
  template: string,
  { file, offset, key }: TemplatePlace,
  report: Report,
): void {
  for (const { why, symbol, at, endless } of judgeTemplate(template)) {
    report.add(endless === true ? 'template-endless' : 'template-unsafe', {
      file,
      offset,
      symbol: `${key}: ${symbol}`,
      evidence: template.slice(Math.max(0, at - 40), at + 80),
      why,
    });
  }
}

interface Range {
  from: bigint;
  bytes: bigint;
  at: number;
}

function readTensors(cursor: GgufCursor, count: number, alignment: number): Range[] {
  const names = new Set<string>();
  const ranges: Range[] = [];
  for (let i = 0; i < count; i++) {
    const at = cursor.at;
    const name = cursor.text('The name of a tensor', NAME_BYTES_MAX);
    if (name === '' || names.has(name))
      throw new Rejected(
        'gguf-structure',
        name === '' ? 'A tensor has no name.' : `The tensor ${name} occurs twice.`,
        at,
      );
    names.add(name);
    const dimensions = cursor.u32();
    if (dimensions < 1 || dimensions > DIMENSIONS_MAX)
      throw new Rejected('gguf-structure', `${name} has ${dimensions} dimensions.`, at);
    const shape = Array.from({ length: dimensions }, () => cursor.u64());
    const type = cursor.u32();
    const [values, bytes] = TYPES[type] ?? [0, 0];
    if (values === 0)
      throw new Rejected('gguf-structure', `${name} is of type ${type}, which is none.`, at);
    if (shape.some((size) => size === 0n) || shape[0]! % BigInt(values) !== 0n)
      throw new Rejected('gguf-structure', `${name} has a shape that its type cannot have.`, at);
    const from = cursor.u64();
    if (from % BigInt(alignment) !== 0n)
      throw new Rejected(
        'gguf-layout',
        `${name} does not begin at a multiple of ${alignment}.`,
        at,
      );
    ranges.push({
      from,
      bytes: (shape.reduce((product, size) => product * size, 1n) / BigInt(values)) * BigInt(bytes),
      at,
    });
  }
  return ranges;
}

/**
 * From the end of the header to the end of the file: zeros up to the alignment, tensor after
 * tensor, nothing else.
 */
function checkLayout(
  source: ByteSource,
  headerEnd: number,
  ranges: Range[],
  alignment: number,
): void {
  const pad = (place: bigint): bigint =>
    ((place + BigInt(alignment) - 1n) / BigInt(alignment)) * BigInt(alignment);
  if (ranges.length === 0) {
    checkZeros(source, headerEnd, source.size, alignment);
    return;
  }
  const start = pad(BigInt(headerEnd));
  let end = 0n;
  ranges.sort((a, b) => (a.from < b.from ? -1 : 1));
  for (const { from, bytes, at } of ranges) {
    if (from !== pad(end))
      throw new Rejected(
        'gguf-layout',
        from < pad(end)
          ? 'Two tensors share bytes.'
          : 'There are bytes between two tensors that belong to neither.',
        at,
      );
    if (start + from + bytes > BigInt(source.size))
      throw new Rejected('gguf-layout', 'A tensor reaches beyond the end of the file.', at);
    checkZeros(source, Number(start + end), Number(start + from), alignment);
    end = from + bytes;
  }
  checkZeros(source, headerEnd, Number(start), alignment);
  checkZeros(source, Number(start + end), source.size, alignment);
}

/** Padding is zeros, and shorter than the alignment. */
function checkZeros(source: ByteSource, from: number, to: number, alignment: number): void {
  if (to - from >= alignment)
    throw new Rejected('gguf-layout', `${to - from} bytes belong to nothing.`, from);
  source.stream(from, to - from, (chunk) => {
    if (chunk.some((byte) => byte !== 0))
      throw new Rejected(
        'gguf-layout',
        'The padding is not zeros: the bytes belong to nothing.',
        from,
      );
  });
}
