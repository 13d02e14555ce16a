import type { ByteSource } from '../source.ts';
import { stringAt, stringExtent } from './strings.ts';
import { bytesAt, KIND, kindOf, payloadOf } from './values.ts';

const TEXTS_KEPT = 4096;

/** What the file itself says of the texts and bytes of a pickle. */
export class Texts {
  /** what lies far behind is asked for again and again: the name of a module in every object */
  private readonly kept = new Map<number, string | null>();
  private readonly source: ByteSource;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** All of a text when it is short; null when it is long, or none. */
  text(value: number): string | null {
    if (kindOf(value) !== KIND.STR) return null;
    const offset = payloadOf(value);
    const known = this.kept.get(offset);
    if (known !== undefined) return known;
    const text = stringAt(this.source, offset);
    if (this.kept.size >= TEXTS_KEPT) this.kept.clear();
    this.kept.set(offset, text);
    return text;
  }

  /** How many bytes a text or bytes have in the file. */
  bytes(value: number): number {
    return payloadOf(value) > 0
      ? (stringExtent(this.source, payloadOf(value))?.length ?? Infinity)
      : Infinity;
  }

  /** Where bytes that are a constant of the file lie; null: they are computed. */
  extent(value: number): { start: number; length: number } | null {
    const place = bytesAt(value);
    return place === null ? null : stringExtent(this.source, place);
  }

  read(extent: { start: number; length: number }): Buffer {
    return Buffer.from(this.source.read(extent.start, extent.length));
  }
}
