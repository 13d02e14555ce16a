import { Owned } from '../flatbuffers/owned.ts';
import { Rejected } from '../report.ts';
import type { RuleId } from '../rules.ts';
import type { ByteSource } from '../source.ts';
import type { Limits } from '../types.ts';
import { Cursor } from './cursor.ts';

/** Headers, trees and heaps are small; what is larger is not read into memory. */
const METADATA_MAX_BYTES = 64 * 1024 * 1024;

const UNWRITTEN_MAX_BYTES = 64 * 1024 * 1024;

/** What the walk tells besides what it rejects. */
export type Tell = (rule: RuleId, place: { offset: number; symbol?: string; why?: string }) => void;

/**
 * The bytes of one HDF5 file and who owns them. Every structure is claimed once: a second claim is
 * a loop, or two structures in one place, which no writer makes.
 */
export class Hdf5File {
  readonly source: ByteSource;
  readonly limits: Limits;
  readonly tell: Tell;
  /**
   * entries of half a node of the group trees and of the chunk tree, and of half a leaf of a group
   */
  groupK = 16;
  leafK = 4;
  chunkK = 32;
  private readonly owned: Owned;
  private readonly starts = new Set<number>();
  private metadataBytes = 0;
  private leftovers = 0;
  private lacking = 0;

  constructor(source: ByteSource, limits: Limits, tell: Tell) {
    this.source = source;
    this.limits = limits;
    this.tell = tell;
    this.owned = new Owned('hdf5-structure', limits.hdf5Parts);
  }

  /** Metadata: a copy to read from. */
  claim(at: number | null, bytes: number, what: string): Cursor {
    const start = this.own(at, bytes, what);
    this.metadataBytes += bytes;
    // parts that lie on each other are found at the end; until then they must not make us read for
    // ever
    if (this.metadataBytes > this.source.size)
      throw new Rejected('hdf5-structure', 'Parts of the file share bytes.', start);
    return this.peek(start, bytes, what);
  }

  /** The beginning of a structure that says itself how long it is. */
  peek(at: number | null, bytes: number, what: string): Cursor {
    const start = this.check(at, bytes, what);
    if (bytes > METADATA_MAX_BYTES)
      throw new Rejected(
        'limit-exceeded',
        `${what} has more than ${METADATA_MAX_BYTES} bytes.`,
        start,
      );
    return new Cursor(Buffer.from(this.source.read(start, bytes)), start);
  }

  /** Raw data, which nobody needs to look at. */
  own(at: number | null, bytes: number, what: string): number {
    const start = this.check(at, bytes, what);
    if (bytes === 0) return start;
    if (this.starts.has(start))
      throw new Rejected(
        'hdf5-structure',
        `${what} lies where another part of the file lies, or leads back to where it came from.`,
        start,
      );
    this.starts.add(start);
    this.owned.add(start, start + bytes);
    return start;
  }

  /**
   * Something that once was a part of the file: the library does not read it. Told once, of the
   * first.
   */
  leftover(at: number): void {
    if (this.leftovers++ === 0) this.tell('hdf5-leftover', { offset: at });
  }

  /**
   * Data that were never written read as zeros: a few are honest, more than the file has bytes are
   * a trap for who reads them.
   */
  mayLack(bytes: number): boolean {
    this.lacking += bytes;
    return this.lacking <= this.source.size + UNWRITTEN_MAX_BYTES;
  }

  checkOwners(): void {
    this.owned.check(this.source, this.source.size);
  }

  private check(at: number | null, bytes: number, what: string): number {
    if (at === null)
      throw new Rejected('hdf5-structure', `${what} is missing: its address is undefined.`);
    if (at + bytes > this.source.size)
      throw new Rejected(
        'hdf5-structure',
        `${what} would end behind the end of the file.`,
        Math.min(at, this.source.size),
      );
    return at;
  }
}
