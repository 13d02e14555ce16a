import { Rejected } from '../report.ts';
import type { RuleId } from '../rules.ts';
import type { ByteSource } from '../source.ts';

const CHUNK_BYTES = 64 * 1024;

/** Which bytes of a file belong to something. What belongs to nothing must be padding: zeros. */
export class Owned {
  private readonly ranges: [number, number][] = [];
  private readonly rule: RuleId;
  private readonly max: number;

  constructor(rule: RuleId, max: number) {
    this.rule = rule;
    this.max = max;
  }

  add(start: number, end: number): void {
    if (this.ranges.push([start, end]) > this.max)
      throw new Rejected('limit-exceeded', `The file has more than ${this.max} parts.`, start);
  }

  /** `tailMax`: zeros that writers may leave at the end. */
  check(source: ByteSource, tailMax: number): void {
    this.ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let position = 0;
    for (const [start, end] of this.ranges) {
      if (start < position)
        throw new Rejected(this.rule, 'Two parts of the file share bytes.', start);
      this.checkZeros(source, position, start);
      position = end;
    }
    if (source.size - position > tailMax)
      throw new Rejected(
        'format-trailing-data',
        `${source.size - position} bytes follow the last part of the file.`,
        position,
      );
    this.checkZeros(source, position, source.size);
  }

  private checkZeros(source: ByteSource, start: number, end: number): void {
    for (let at = start; at < end; at += CHUNK_BYTES) {
      const odd = source.read(at, Math.min(CHUNK_BYTES, end - at)).findIndex((byte) => byte !== 0);
      if (odd >= 0)
        throw new Rejected(
          'format-trailing-data',
          'There are bytes that belong to no part of the file.',
          at + odd,
        );
    }
  }
}
