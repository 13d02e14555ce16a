import type { Report } from '../report.ts';
import type { Limits } from '../types.ts';
import type { StorageEntry } from './tensors.ts';

/** What a pickle machine needs of the file that it is in. */
export interface PickleHost {
  /** path for findings */
  readonly file: string;
  readonly report: Report;
  readonly limits: Limits;
  /** null: this container has no persistent IDs, so one in the pickle blocks */
  readonly storages: StorageResolver | null;
  /** joblib's loader reads arrays that lie between the instructions; a plain loader would take them for instructions */
  readonly inlineArrays: boolean;
  /** judges bytes that the pickle hands to another loader (torch.storage._load_from_bytes); answers the storage, if they are one */
  nested(start: number, length: number): StorageEntry | null;
}

export interface StorageResolver {
  /** of which a reference consists: 5 in the zip of torch.save; 6 in older files, the last being None */
  readonly parts: 5 | 6;
  /** Answers why the reference is wrong, or null. The pickle says that the storage holds `count` elements. */
  refer(key: string, count: number, elementBytes: number): string | null;
}
