import type { Claims } from './claims.ts';
import type { ByteSource } from './source.ts';
import type { StorageEntry } from './pickle/tensors.ts';
import type { Report } from './report.ts';
import type { Limits, ScanFile } from './types.ts';

/** Where a file lies: what is beside it in the upload, or in the same folder of a container. */
interface Neighbourhood {
  /** this file's name among its siblings */
  readonly name: string;
  /** name → bytes, of this file and of those beside it */
  readonly siblings: ReadonlyMap<string, number>;
  /** what they say of each other's bytes */
  readonly claims: Claims;
  /**
   * puts a file without a mark of its own off until its siblings are read; not there when that was
   * done
   */
  readonly later?: (() => void) | undefined;
}

/** What a format's parser is given besides the bytes. */
export interface ScanContext extends Neighbourhood {
  readonly limits: Limits;
  readonly report: Report;
  /** how many containers deep we are */
  readonly depth: number;
  /** what role the upload gave the file (members of containers: that of the container) */
  readonly kind: ScanFile['kind'];
  readonly budget: Budget;
  /**
   * files that are one storage of PyTorch and nothing else, by path: the pickle around them makes
   * tensors of it
   */
  readonly storages: Map<string, StorageEntry>;
  /**
   * Judges bytes inside of a container by their content, as if they had been uploaded alone, or
   * beside others.
   */
  nested(
    source: ByteSource,
    file: string,
    beside?: Neighbourhood & Pick<ScanContext, 'kind'>,
  ): void;
}

/** What all files of an upload use up together. */
interface Budget {
  unpackedBytes: number;
}

/**
 * One format, one file of code. `sniff` says by content alone whether this may be it; `scan`
 * attributes every byte or rejects. Formats that the scanner knows by sight only have a `scan` that
 * blocks.
 */
export interface Format {
  readonly id: string;
  /** for findings: "a PyTorch zip" */
  readonly title: string;
  /** extensions, lower case, without dot, that claim this format */
  readonly extensions: readonly string[];
  /** the mark is so short that it turns up by chance: any other reading wins */
  readonly weak?: boolean;
  sniff(source: ByteSource, head: Uint8Array): boolean;
  scan(source: ByteSource, file: string, context: ScanContext): void;
}

/** Bytes given to `sniff` as the head. */
export const HEAD_BYTES = 4096;
