import { isUtf8 } from 'node:buffer';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import type { FieldShape, MessageShape } from './messages.ts';
import { checkWire, FIXED_BYTES, WIRE } from './wire-types.ts';
import { Window } from './window.ts';

export interface Range {
  start: number;
  end: number;
}

/** One field of a message. Strings, bytes and messages are ranges of the file, not copies. */
export interface ProtoField extends Range {
  /** where its tag stands */
  at: number;
  shape: FieldShape;
  /** of a whole number */
  value: bigint;
  /** elements in it: more than one where a list is packed */
  count: number;
  /** of an entry of a map; the field itself is then the entry's value */
  key: string;
}

/**
 * What to do with fields, by name. Fields without a handler are checked all the same. A handler of
 * a message reads it.
 */
export type Handlers = Record<string, (field: ProtoField) => void>;

const TEXT_MAX_BYTES = 64 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads protocol buffers (https://protobuf.dev/programming-guides/encoding/) by a table of the
 * messages that may occur. Streams: nothing is kept of what was read. Every field must be known, of
 * its wire type, within its message and, unless it is a list, alone. Throws Rejected with the
 * offset of the fault.
 */
export class ProtoReader {
  readonly source: ByteSource;
  private readonly window: Window;
  private readonly maxDepth: number;
  private depth = 0;

  constructor(source: ByteSource, maxDepth: number) {
    this.source = source;
    this.window = new Window(source);
    this.maxDepth = maxDepth;
  }

  /** Walks over one message and all that is in it. */
  read({ start, end }: Range, shape: MessageShape, handlers: Handlers = {}): void {
    if (this.depth >= this.maxDepth)
      throw new Rejected(
        'limit-exceeded',
        `Messages are nested deeper than ${this.maxDepth}.`,
        start,
      );
    this.depth += 1;
    try {
      this.fields(start, end, shape, handlers);
    } finally {
      this.depth -= 1;
    }
  }

  private fields(start: number, end: number, shape: MessageShape, handlers: Handlers): void {
    const keys = new Map<FieldShape, Set<string>>();
    let [seen, seenSecond] = [0, 0];
    for (let position = start; position < end;) {
      const field = this.header(position, end, shape);
      if (((field.shape.second ? seenSecond : seen) & field.shape.bit) !== 0) {
        throw new Rejected(
          'protobuf-duplicate-field',
          `${shape.name} has ${field.shape.name}, or one that excludes it, twice.`,
          position,
        );
      }
      if (field.shape.second) seenSecond |= field.shape.bit;
      else seen |= field.shape.bit;
      position = field.end;
      const handler = handlers[field.shape.name];
      if (field.shape.map) {
        this.entry(field, keys, handler);
      } else if (field.shape.kind === 'message') {
        if (handler === undefined) this.read(field, field.shape.message!);
        else handler(field);
      } else {
        this.checkScalar(field);
        handler?.(field);
      }
    }
  }

  /**
   * The names of the outermost fields, or null where these bytes are no such message. Looks no
   * further in.
   */
  outline(shape: MessageShape, maxFields: number): Set<string> | null {
    const names = new Set<string>();
    try {
      for (let position = 0, count = 0; position < this.source.size; count++) {
        if (count > maxFields) return null;
        const field = this.header(position, this.source.size, shape);
        names.add(field.shape.name);
        position = field.end;
      }
    } catch (error) {
      if (error instanceof Rejected) return null;
      throw error;
    }
    return names;
  }

  /** The text of a name. Long texts are documentation, which nobody needs here. */
  text(field: ProtoField, maxBytes = TEXT_MAX_BYTES): string {
    const bytes = this.bytes(field, maxBytes);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  bytes(field: ProtoField, maxBytes = TEXT_MAX_BYTES): Uint8Array {
    const length = field.end - field.start;
    if (length > maxBytes)
      throw new Rejected(
        'limit-exceeded',
        `${field.shape.name} has ${length} bytes; ${maxBytes} are the limit.`,
        field.at,
      );
    return this.source.read(field.start, length);
  }

  /** The whole numbers of a list, packed or not. */
  eachNumber({ start, end, shape }: ProtoField, each: (value: bigint) => void): void {
    for (this.window.position = start; this.window.position < end;) {
      this.window.varint(end);
      each(this.signed(shape));
    }
  }

  private header(at: number, end: number, shape: MessageShape): ProtoField {
    const { window } = this;
    window.position = at;
    window.varint(end);
    const [number, wire] = [window.lo >>> 3, window.lo & 7];
    if (window.hi !== 0 || number === 0)
      throw new Rejected('protobuf-wire', 'The number of a field is none.', at);
    checkWire(wire, at);
    const field = shape.fields.get(number);
    if (field === undefined)
      throw new Rejected('protobuf-unknown-field', `${shape.name} has no field ${number}.`, at);
    const packed = wire === 2 && WIRE[field.kind] !== 2 && field.repeated;
    if (!packed && wire !== WIRE[field.kind])
      throw new Rejected(
        'protobuf-wire',
        `${shape.name}.${field.name} is of wire type ${wire} instead of ${WIRE[field.kind]}.`,
        at,
      );
    const result: ProtoField = {
      at,
      start: window.position,
      end: 0,
      shape: field,
      value: 0n,
      count: packed ? -1 : 1,
      key: '',
    };
    this.pass(result, wire, end);
    return result;
  }

  /** Finds the end of a field, and the value of a number. */
  private pass(field: ProtoField, wire: number, end: number): void {
    const { window } = this;
    if (wire === 2) {
      window.varint(end);
      const length = window.length(end, field.at);
      field.start = window.position;
      field.end = window.position + length;
    } else if (wire === 0) {
      window.varint(end);
      this.checkNumber(field.shape, field.at);
      field.value = this.signed(field.shape);
      field.end = window.position;
    } else {
      field.end = field.start + FIXED_BYTES[wire]!;
      if (field.end > end)
        throw new Rejected('protobuf-wire', 'A number reaches beyond its message.', field.at);
    }
  }

  /** An entry of a map: its key must be a new one; the handler is given its value. */
  private entry(
    field: ProtoField,
    keys: Map<FieldShape, Set<string>>,
    handler: Handlers[string] | undefined,
  ): void {
    const valueShape = field.shape.message!.fields.get(2)!;
    let key = '';
    let value: ProtoField = { ...field, start: field.end, shape: valueShape, value: 0n, count: 0 };
    const take = (found: ProtoField): void => void (value = found);
    this.read(field, field.shape.message!, {
      key: (found) => void (key = this.keyText(found)),
      value: take,
    });
    const known = keys.get(field.shape) ?? new Set<string>();
    keys.set(field.shape, known);
    if (known.has(key))
      throw new Rejected(
        'protobuf-duplicate-field',
        `${field.shape.name} has the key ${JSON.stringify(key.slice(0, 80))} twice.`,
        field.at,
      );
    known.add(key);
    value.key = key;
    if (handler !== undefined) handler(value);
    else if (valueShape.kind === 'message') this.read(value, valueShape.message!);
  }

  private keyText(field: ProtoField): string {
    return field.shape.kind === 'string'
      ? this.text(field)
      : Buffer.from(this.bytes(field)).toString('hex');
  }

  private checkScalar(field: ProtoField): void {
    const { shape } = field;
    if (shape.kind === 'string') this.checkText(field);
    else if (field.count === -1) field.count = this.checkPacked(field);
  }

  private checkPacked({ start, end, at, shape }: ProtoField): number {
    const bytes = FIXED_BYTES[WIRE[shape.kind]];
    if (bytes !== undefined) {
      if ((end - start) % bytes !== 0)
        throw new Rejected('protobuf-wire', `The list ${shape.name} ends inside of a number.`, at);
      return (end - start) / bytes;
    }
    let count = 0;
    this.window.position = start;
    for (; this.window.position < end; count++) {
      this.window.varint(end);
      this.checkNumber(shape, this.window.position);
    }
    return count;
  }

  /**
   * Readers cut a number that is too wide for its field; what it then says is not what stands
   * there.
   */
  private checkNumber({ kind, name }: FieldShape, at: number): void {
    const { lo, hi } = this.window;
    const fits =
      kind === 'int32'
        ? (hi === 0 && lo < 2 ** 31) || (hi === 2 ** 32 - 1 && lo >= 2 ** 31)
        : kind === 'uint32'
          ? hi === 0
          : kind === 'bool'
            ? hi === 0 && lo <= 1
            : true;
    if (!fits)
      throw new Rejected('protobuf-wire', `The value of ${name} does not fit in ${kind}.`, at);
  }

  private signed({ kind }: FieldShape): bigint {
    const value = (BigInt(this.window.hi) << 32n) | BigInt(this.window.lo);
    return kind === 'uint64' ? value : BigInt.asIntN(64, value);
  }

  private checkText({ start, end, at, shape }: ProtoField): void {
    // nearly all texts are short names; making a decoder for each would take most of the time
    if (end - start <= CHUNK_BYTES && isUtf8(this.source.read(start, end - start))) return;
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    try {
      for (let position = start; position < end; position += CHUNK_BYTES) {
        decoder.decode(this.source.read(position, Math.min(CHUNK_BYTES, end - position)), {
          stream: true,
        });
      }
      decoder.decode();
    } catch (error) {
      if (error instanceof TypeError)
        throw new Rejected('protobuf-wire', `${shape.name} is not UTF-8.`, at);
      throw error;
    }
  }
}
