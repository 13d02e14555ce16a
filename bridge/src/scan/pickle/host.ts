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
  /**
   * its loader is that of TorchScript: classes below `__torch__` are those of the program beside it
   */
  readonly script?: boolean;
  /** what becomes of arrays of joblib that lie between the instructions */
  readonly inlineArrays: InlineArrays;
  /** judges what a pickled booster hands to its library; throws Rejected */
  booster(library: 'lightgbm' | 'xgboost', bytes: Uint8Array): void;
  /**
   * judges bytes that the pickle hands to another loader (torch.storage._load_from_bytes); answers
   * the storage, if they are one
   */
  nested(start: number, length: number): StorageEntry | null;
}

/**
 * joblib's loader passes over the arrays ('skip'), a plain one takes them for instructions ('run');
 * 'refuse': no loader is meant to meet any.
 */
export interface InlineArrays {
  readonly mode: 'skip' | 'run' | 'refuse';
  /** offset of the first one */
  firstAt?: number;
}

export interface StorageResolver {
  /**
   * of which a reference consists: 5 in the zip of torch.save; 6 in older files, the last being
   * None
   */
  readonly parts: 5 | 6;
  /**
   * Answers why the reference is wrong, or null. The pickle says that the storage holds `count`
   * elements.
   */
  refer(key: string, count: number, elementBytes: number): string | null;
}
