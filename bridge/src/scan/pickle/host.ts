import type { Report } from '../report.ts';
import type { Limits } from '../types.ts';

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
  /** judges bytes that the pickle hands to another loader (torch.storage._load_from_bytes) */
  nested(start: number, length: number): void;
}

export interface StorageResolver {
  /** Answers why the reference is wrong, or null. `bytes` is what the pickle says that the storage holds. */
  refer(key: string, bytes: number): string | null;
}
