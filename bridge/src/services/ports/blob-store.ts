import type { Readable } from 'node:stream';

/** An object as the storage has it. */
export interface BlobStat {
  size: number;
  lastModified: Date;
  contentType: string;
  /** another one whenever other bytes were written */
  etag?: string;
}
/** One stored part of an open multipart upload. `etag` names exactly these bytes at this place. */
export interface StoredPart {
  number: number;
  size: number;
  etag: string;
}
/** Where a part of an open multipart upload goes. `number`: from 1 to 10,000. */
export interface PartPlace {
  readonly key: string;
  readonly uploadId: string;
  readonly number: number;
}
export interface OpenUpload {
  key: string;
  uploadId: string;
  startedAt: Date;
}

/**
 * What a storage server of the S3 kind can do, without our own rules: `services/artifact-store.ts`
 * builds `ObjectStore` on it. Errors arrive as BridgeError: NotFound (key or upload), Unavailable
 * (no answer within the deadline), StorageFull.
 */
export interface BlobStore {
  get(key: string, range?: { start: number; end?: number }): Promise<Readable>;
  stat(key: string): Promise<BlobStat | null>;
  put(key: string, body: Buffer | string, contentType: string, signal?: AbortSignal): Promise<void>;
  /**
   * false when the key exists already; then nothing is written. Atomic: of two callers one gets
   * true.
   */
  putIfAbsent(key: string, body: Buffer | string, contentType: string): Promise<boolean>;
  /** Removes all versions of the key. Removing what is not there is no error. */
  remove(key: string): Promise<void>;
  list(prefix: string): AsyncIterable<{ key: string; size: number; lastModified: Date }>;
  /** Opens a multipart upload. Nothing is visible under `key` until `complete`. */
  begin(key: string): Promise<string>;
  /**
   * Answers the part's etag. Writing a part again replaces it. Retries while the storage is away,
   * within its deadline.
   */
  putPart(place: PartPlace, body: Buffer, signal?: AbortSignal): Promise<string>;
  /** Those with a number above `after`, in order of their numbers. */
  parts(key: string, uploadId: string, after?: number): Promise<StoredPart[]>;
  /**
   * Makes the object of the named parts; parts not named are dropped. Conflict when a part is
   * missing or has another etag.
   */
  complete(key: string, uploadId: string, parts: { number: number; etag: string }[]): Promise<void>;
  /** Aborting what is gone is no error. */
  abort(key: string, uploadId: string): Promise<void>;
  /**
   * Uploads that the storage knows to be open. It may forget some (then it removes them itself by
   * age).
   */
  openUploads(): Promise<OpenUpload[]>;
}

/**
 * A digest that is being taken. `update` keeps the order of its calls; the bytes must stay
 * unchanged until it settles.
 */
export interface RunningDigest {
  update(bytes: Buffer): Promise<void>;
  /** hex; ends the digest */
  hex(): Promise<string>;
  /** A second one that stands where this one stands. */
  fork(): RunningDigest;
  drop(): void;
}
export type DigestAlgorithm = 'sha256' | 'sha1';
export interface Digester {
  start(algorithm: DigestAlgorithm): RunningDigest;
}

/** One writer at a time for a resumable upload, across all bridge instances. */
export interface UploadLocks {
  /**
   * Waits until the upload is free. Whoever holds it is asked to let go (its `lost` signal aborts):
   * of two requests the newer one is the one whose client is still there. Locked when it is not let
   * go within the deadline.
   */
  acquire(id: string): Promise<UploadLock>;
  /** Waits until no other bridge instance holds it, `ms` at most. */
  free(id: string, ms: number): Promise<void>;
}
export interface UploadLock {
  lost: AbortSignal;
  /**
   * whether all bridge instances see it; only then may bytes be answered for that are not in the
   * storage yet
   */
  shared: boolean;
  /**
   * Nothing runs under it at the moment: whoever wants it is to get it at once. Until `busy` is
   * called.
   */
  idle(): void;
  busy(): void;
  release(): Promise<void>;
}
