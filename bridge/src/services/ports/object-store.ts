import type { Readable } from 'node:stream';

export interface StoredObject {
  key: string;
  size: number;
  digest: string;
}
/** Object storage. Keys of artifacts are `artifacts/sha256/<first two>/<hex>`. */
export interface ObjectStore {
  get(key: string, range?: { start: number; end?: number }): Promise<Readable>;
  stat(key: string): Promise<{ size: number; lastModified: Date } | null>;
  putSmall(key: string, body: Buffer | string, contentType: string): Promise<void>;
  remove(key: string): Promise<void>;
  list(prefix: string): AsyncIterable<{ key: string; size: number; lastModified: Date }>;
}
