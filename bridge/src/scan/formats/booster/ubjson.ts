import { Rejected } from '../../report.ts';

/** Numbers in a row are kept as numbers; a tree of millions of nodes is five of these. */
export type Ubjson =
  null | boolean | number | string | Float64Array | Ubjson[] | Map<string, Ubjson>;

const SIZES: Record<string, number> = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8 };
const DEPTH_MAX = 32;
const KEY_MAX_BYTES = 4096;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * UBJSON (https://ubjson.org) as XGBoost writes it: numbers of fixed size with the high byte first,
 * arrays of one type, no containers without an end.
 */
export function readUbjson(bytes: Uint8Array): Ubjson {
  return new Reader(bytes).document();
}

class Reader {
  private at = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  document(): Ubjson {
    const value = this.value(this.mark(), 0);
    if (this.at !== this.bytes.length)
      throw new Rejected(
        'format-trailing-data',
        `${this.bytes.length - this.at} bytes follow the model; another reader could take them for something else.`,
        this.at,
      );
    return value;
  }

  private value(mark: string, depth: number): Ubjson {
    if (depth > DEPTH_MAX) this.fail(`values are nested deeper than ${DEPTH_MAX}`);
    if (SIZES[mark] !== undefined) return this.number(mark);
    if (mark === 'Z') return null;
    if (mark === 'T' || mark === 'F') return mark === 'T';
    if (mark === 'S') return this.text(this.bytes.length);
    if (mark === '{') return this.object(depth);
    if (mark === '[') return this.array(depth);
    return this.fail(`no value begins with ${JSON.stringify(mark)}`);
  }

  private object(depth: number): Map<string, Ubjson> {
    const object = new Map<string, Ubjson>();
    while (this.peek() !== '}') {
      const key = this.text(KEY_MAX_BYTES);
      if (object.has(key)) this.fail(`the key ${JSON.stringify(key.slice(0, 60))} is there twice`);
      object.set(key, this.value(this.mark(), depth + 1));
    }
    this.at += 1;
    return object;
  }

  private array(depth: number): Ubjson {
    const type = this.peek() === '$' ? this.typed() : null;
    if (this.peek() === '#') {
      this.at += 1;
      const count = this.length();
      // what follows has at least a byte for each
      if (count * (type === null ? 1 : SIZES[type]!) > this.bytes.length - this.at)
        this.fail(`an array has ${count} elements, more than the file`);
      return type === null
        ? Array.from({ length: count }, () => this.value(this.mark(), depth + 1))
        : Float64Array.from({ length: count }, () => this.number(type));
    }
    if (type !== null) this.fail('an array of one type does not say how long it is');
    const elements: Ubjson[] = [];
    while (this.peek() !== ']') elements.push(this.value(this.mark(), depth + 1));
    this.at += 1;
    return elements;
  }

  private typed(): string {
    this.at += 1;
    const type = this.mark();
    return SIZES[type] === undefined
      ? this.fail(`an array is of ${JSON.stringify(type)}, which is no number`)
      : type;
  }

  private number(mark: string): number {
    const at = this.take(SIZES[mark]!);
    switch (mark) {
      case 'i':
        return this.view.getInt8(at);
      case 'U':
        return this.view.getUint8(at);
      case 'I':
        return this.view.getInt16(at);
      case 'l':
        return this.view.getInt32(at);
      case 'L':
        return Number(this.view.getBigInt64(at));
      case 'd':
        return this.view.getFloat32(at);
      default:
        return this.view.getFloat64(at);
    }
  }

  private length(): number {
    const mark = this.mark();
    const length = 'iUIlL'.includes(mark)
      ? this.number(mark)
      : this.fail('a length is no whole number');
    return length >= 0 && Number.isSafeInteger(length)
      ? length
      : this.fail('a length is negative or beyond any file');
  }

  private text(max: number): string {
    const length = this.length();
    if (length > max) this.fail(`a text has ${length} bytes`);
    const at = this.take(length);
    try {
      return utf8.decode(this.bytes.subarray(at, at + length));
    } catch {
      return this.fail('a text is not UTF-8');
    }
  }

  private mark(): string {
    return String.fromCharCode(this.bytes[this.take(1)]!);
  }

  private peek(): string {
    return this.at < this.bytes.length
      ? String.fromCharCode(this.bytes[this.at]!)
      : this.fail('the file ends inside of a value');
  }

  private take(length: number): number {
    if (length > this.bytes.length - this.at) this.fail('the file ends inside of a value');
    this.at += length;
    return this.at - length;
  }

  private fail(why: string): never {
    throw new Rejected(
      'booster-structure',
      `The file is not the UBJSON that XGBoost writes: ${why}.`,
      this.at,
    );
  }
}
