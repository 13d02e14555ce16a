import type { Format, ScanContext } from '../format.ts';
import { JsonNumber, parseStrictJson, type JsonValue } from '../json/strict.ts';
import { isPackedPickle, mayBePacked } from '../pickle/embedded.ts';
import { Rejected } from '../report.ts';
import { BufferSource, type ByteSource } from '../source.ts';

const PREFIX_BYTES = 8;
const HEADER_MAX_BYTES = 100_000_000;
const OPEN_BRACE = 0x7b;
/** dtype → bits of one element */
const DTYPE_BITS = new Map<string, bigint>([
  ['BOOL', 8n],
  ['U8', 8n],
  ['I8', 8n],
  ['F8_E5M2', 8n],
  ['F8_E4M3', 8n],
  ['F8_E8M0', 8n],
  ['F8_E4M3FNUZ', 8n],
  ['F8_E5M2FNUZ', 8n],
  ['F4', 4n],
  ['F6_E2M3', 6n],
  ['F6_E3M2', 6n],
  ['I16', 16n],
  ['U16', 16n],
  ['F16', 16n],
  ['BF16', 16n],
  ['I32', 32n],
  ['U32', 32n],
  ['F32', 32n],
  ['C64', 64n],
  ['F64', 64n],
  ['I64', 64n],
  ['U64', 64n],
]);
const UNSIGNED = /^(0|[1-9][0-9]{0,18})$/;
const ELEMENTS_MAX = 2n ** 63n - 1n;

/**
 * https://github.com/huggingface/safetensors, "Format": length, JSON header, one buffer that the
 * tensors tile exactly.
 */
export const safetensors: Format = {
  id: 'safetensors',
  title: 'safetensors',
  extensions: ['safetensors'],
  sniff: (_source, head) =>
    head.length > PREFIX_BYTES &&
    head[PREFIX_BYTES] === OPEN_BRACE &&
    head[6] === 0 &&
    head[7] === 0 &&
    head[5] === 0 &&
    head[4] === 0,
  scan: scanSafetensors,
};

interface Tensor {
  name: string;
  start: bigint;
  end: bigint;
}

function scanSafetensors(source: ByteSource, file: string, context: ScanContext): void {
  if (source.size < PREFIX_BYTES + 2)
    throw new Rejected('safetensors-header', 'The file is shorter than the shortest header.', 0);
  const prefix = source.read(0, PREFIX_BYTES);
  const length = Buffer.from(prefix).readBigUInt64LE();
  if (
    length > BigInt(Math.min(HEADER_MAX_BYTES, context.limits.jsonBytes)) ||
    length > BigInt(source.size - PREFIX_BYTES)
  ) {
    throw new Rejected(
      'safetensors-header',
      `The header claims ${length} bytes; the file has ${source.size - PREFIX_BYTES}, and 100 MB is the format's maximum.`,
      0,
    );
  }
  const headerBytes = Number(length);
  const header = source.read(PREFIX_BYTES, headerBytes);
  if (header[0] !== OPEN_BRACE)
    throw new Rejected('safetensors-header', 'The header does not begin with {.', PREFIX_BYTES);
  const root = parseStrictJson(header, {
    maxDepth: 4,
    maxEntries: context.limits.jsonEntries,
    invalid: 'safetensors-json',
    duplicate: 'safetensors-duplicate-key',
    baseOffset: PREFIX_BYTES,
  });
  if (!(root instanceof Map))
    throw new Rejected('safetensors-json', 'The header is not an object.', PREFIX_BYTES);
  const tensors: Tensor[] = [];
  for (const [name, value] of root) {
    if (name === '__metadata__') checkMetadata(value, file, context);
    else tensors.push(readTensor(name, value));
  }
  checkTiling(
    tensors,
    BigInt(source.size - PREFIX_BYTES - headerBytes),
    PREFIX_BYTES + headerBytes,
  );
}

/**
 * Commands and scripts, as they stand in settings that somebody hopes will be run or shown; prose
 * and addresses do not match.
 */
const COMMAND =
  /<script\b|\bjavascript:|\b(?:os\.(?:system|popen|exec\w*|spawn\w*)|subprocess\.\w+|__import__|eval|exec|b64decode|pickle\.loads?)\s*\(|\brm\s+-\w*r\w*f|\b(?:wget|curl)\s+(?:-\S+\s+)*https?:|\bchmod\s+[0-7+]\S*\s|\|\s*(?:ba)?sh\b|\bpowershell\b|\bimport\s+(?:os|subprocess|socket|ctypes|pty)\b|__(?:class|globals|builtins|subclasses|mro|reduce)__/i;

/** A pickle as text, which somebody could be told to load. */
function isPacked(text: string): boolean {
  const bytes = Buffer.from(text);
  return mayBePacked(bytes, 0) && isPackedPickle(new BufferSource(bytes), 0, bytes.length);
}

function checkMetadata(value: JsonValue, file: string, context: ScanContext): void {
  if (!(value instanceof Map))
    throw new Rejected('safetensors-metadata', '`__metadata__` is not an object.', PREFIX_BYTES);
  for (const [key, text] of value) {
    if (typeof text === 'string' && (COMMAND.test(text) || isPacked(text)))
      context.report.add('safetensors-metadata-code', {
        file,
        offset: PREFIX_BYTES,
        symbol: key.slice(0, 80),
        evidence: text.slice(0, 120),
      });
    if (typeof text !== 'string')
      throw new Rejected(
        'safetensors-metadata',
        `\`__metadata__\` maps ${JSON.stringify(key.slice(0, 80))} to something that is not text.`,
        PREFIX_BYTES,
      );
  }
}

function readTensor(name: string, value: JsonValue): Tensor {
  const wrong = (why: string): never => {
    throw new Rejected(
      'safetensors-tensor',
      `Tensor ${JSON.stringify(name.slice(0, 120))}: ${why}.`,
      PREFIX_BYTES,
    );
  };
  if (!(value instanceof Map)) return wrong('its entry is not an object');
  for (const key of value.keys())
    if (key !== 'dtype' && key !== 'shape' && key !== 'data_offsets')
      wrong(`unknown key ${JSON.stringify(key.slice(0, 40))}`);
  const dtype = value.get('dtype');
  const bits = typeof dtype === 'string' ? DTYPE_BITS.get(dtype) : undefined;
  if (bits === undefined) return wrong('its dtype is unknown');
  const wanted = readShape(value.get('shape'), wrong) * bits;
  const { start, end } = readOffsets(value.get('data_offsets'), wrong);
  if (wanted % 8n !== 0n) wrong('its elements do not fill whole bytes');
  if (end < start || end - start !== wanted / 8n)
    wrong(`shape and dtype need ${wanted / 8n} bytes, data_offsets give ${end - start}`);
  return { name, start, end };
}

/** How many elements a shape has. */
function readShape(shape: JsonValue | undefined, wrong: (why: string) => never): bigint {
  if (!Array.isArray(shape)) return wrong('its shape is not a list');
  let elements = 1n;
  for (const dimension of shape) {
    elements *= unsigned(dimension) ?? wrong('its shape holds something else than whole numbers');
    if (elements > ELEMENTS_MAX) wrong('its shape overflows 63 bits');
  }
  return elements;
}

function readOffsets(
  offsets: JsonValue | undefined,
  wrong: (why: string) => never,
): { start: bigint; end: bigint } {
  if (!Array.isArray(offsets) || offsets.length !== 2) return wrong('data_offsets is not a pair');
  const start = unsigned(offsets[0]!) ?? wrong('data_offsets are not whole numbers');
  const end = unsigned(offsets[1]!) ?? wrong('data_offsets are not whole numbers');
  return { start, end };
}

/** The ranges, in order, touch each other, begin at 0 and end with the file. */
function checkTiling(tensors: Tensor[], bufferBytes: bigint, dataStart: number): void {
  tensors.sort((a, b) =>
    a.start < b.start ? -1 : a.start > b.start ? 1 : a.end < b.end ? -1 : a.end > b.end ? 1 : 0,
  );
  let position = 0n;
  for (const { name, start, end } of tensors) {
    if (start !== position) {
      const what =
        start > position
          ? `there are ${start - position} bytes of nobody before`
          : 'the range overlaps that before';
      throw new Rejected(
        'safetensors-layout',
        `Tensor ${JSON.stringify(name.slice(0, 120))}: ${what}.`,
        dataStart,
      );
    }
    position = end;
  }
  if (position !== bufferBytes) {
    throw new Rejected(
      'safetensors-layout',
      `The tensors end at byte ${position} of ${bufferBytes}; ${position < bufferBytes ? 'the rest belongs to nobody' : 'the file is cut off'}.`,
      dataStart,
    );
  }
}

function unsigned(value: JsonValue): bigint | null {
  return value instanceof JsonNumber && UNSIGNED.test(value.text) ? BigInt(value.text) : null;
}
