import type { Readable } from 'node:stream';

/** Bytes of a blob that continue an upload at `start`. */
export interface BlobPart {
  readonly start: number;
  readonly length: number;
  readonly bytes: Readable;
}

export interface StoredManifest {
  digest: string;
  mediaType: string;
  bytes: Buffer;
}

/**
 * A registry as the bridge writes to it, with its own right. Errors are BridgeErrors, Unavailable
 * where trying again may help.
 */
export interface ImageStorePort {
  digestOf(repository: string, reference: string): Promise<string | null>;
  manifest(repository: string, reference: string): Promise<StoredManifest | null>;
  hasBlob(repository: string, digest: string): Promise<boolean>;
  /** NotFound when it is not there */
  blob(repository: string, digest: string, signal?: AbortSignal): Promise<Readable>;
  /** false: the registry does not mount, or not from there */
  mount(repository: string, digest: string, from: string): Promise<boolean>;
  putBlob(repository: string, digest: string, bytes: Buffer): Promise<void>;
  /** `subject`: the registry keeps the list of what refers to an image by itself */
  putManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Buffer,
  ): Promise<{ subject: boolean }>;
  /** the place of a new upload */
  begin(repository: string): Promise<string>;
  /** how far an upload has come; null: it is gone */
  progress(place: string): Promise<{ place: string; offset: number } | null>;
  /**
   * appends a part; the place for the next one. Conflict when the registry does not go on at its
   * start
   */
  append(place: string, part: BlobPart, signal?: AbortSignal): Promise<string>;
  /** Conflict when the bytes are not those of this digest */
  finish(place: string, digest: string): Promise<void>;
}
