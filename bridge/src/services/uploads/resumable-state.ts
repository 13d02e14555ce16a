import { buffer as readAll } from 'node:stream/consumers';
import { NotFound } from '../../errors.ts';
import type { BlobStore, StoredPart } from '../ports/blob-store.ts';
import type { UploadField } from './rules.ts';

/**
 * What is fixed when a resumable upload is created. Written once, to `tus/<id>/info`. Sizes in
 * bytes, times ISO 8601.
 */
export interface ResumableInfo {
  id: string;
  /** Odoo's id of the user; nobody else sees the upload */
  owner: number;
  size: number;
  partBytes: number;
  key: string;
  uploadId: string;
  createdAt: string;
  expiresAt: string;
  field: UploadField;
  filename: string;
  type: string | null;
  /** announced by the client */
  digest: string | null;
  /** the Upload-Metadata header as it came */
  metadata: string;
}

/** Where an upload stands, read from the storage: nothing else needs to survive. */
export interface ResumablePosition {
  offset: number;
  /** full parts without a gap, from the first on */
  parts: StoredPart[];
  /** parts behind a gap: sent when the process ended; they do not count */
  strays: number[];
  /** what came after the last full part, in pieces; each begins where the one before ends */
  tail: { key: string; start: number; size: number }[];
  complete: boolean;
}

const TAIL_DIGITS = 15;
export const stateKey = (id: string, name: 'info' | 'done'): string => `tus/${id}/${name}`;
export const tailPrefix = (id: string): string => `tus/${id}/tail/`;
/**
 * The place stands in the name: a piece that a later part has swallowed fits nowhere, so a crash
 * between the two does no harm.
 */
export const tailKey = (id: string, start: number): string =>
  `${tailPrefix(id)}${String(start).padStart(TAIL_DIGITS, '0')}`;

function partSize(info: ResumableInfo, number: number): number {
  return Math.min(info.partBytes, info.size - (number - 1) * info.partBytes);
}

/**
 * A part of another size than its place wants counts for nothing; S3 cannot remove a single part.
 */
export async function makeVoid(
  blobs: BlobStore,
  info: ResumableInfo,
  numbers: number[],
): Promise<void> {
  await Promise.all(
    numbers.map((number) =>
      blobs.putPart(
        { key: info.key, uploadId: info.uploadId, number },
        Buffer.alloc(partSize(info, number) === 1 ? 2 : 1),
      ),
    ),
  );
}

export async function readInfo(blobs: BlobStore, id: string): Promise<ResumableInfo | null> {
  return readJson(blobs, stateKey(id, 'info'));
}
export async function readDone(
  blobs: BlobStore,
  id: string,
): Promise<{ digest: string | null } | null> {
  return readJson(blobs, stateKey(id, 'done'));
}
async function readJson<T>(blobs: BlobStore, key: string): Promise<T | null> {
  try {
    return JSON.parse(String(await readAll(await blobs.get(key)))) as T;
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}

/**
 * @param known parts that this process stored itself: the storage is asked only for those behind
 * them
 */
export async function readPosition(
  blobs: BlobStore,
  info: ResumableInfo,
  known: StoredPart[] = [],
): Promise<ResumablePosition> {
  const [listed, tailObjects] = await Promise.all([
    listParts(blobs, info, known.length),
    collect(blobs.list(tailPrefix(info.id))),
  ]);
  if (listed === null)
    return { offset: info.size, parts: [], strays: [], tail: [], complete: true };
  const parts = [...known];
  const strays: number[] = [];
  for (const part of listed) {
    if (part.size !== partSize(info, part.number)) continue; // made void
    if (part.number === parts.length + 1) parts.push(part);
    else strays.push(part.number);
  }
  let offset = Math.min(info.size, parts.length * info.partBytes);
  const tail: ResumablePosition['tail'] = [];
  for (const { key, size } of tailObjects) {
    const start = Number(key.slice(-TAIL_DIGITS));
    if (start !== offset || size === 0) continue;
    tail.push({ key, start, size });
    offset += size;
  }
  return { offset, parts, strays, tail, complete: false };
}

/** null: the multipart upload has become an object. @throws NotFound when it is gone altogether */
async function listParts(
  blobs: BlobStore,
  info: ResumableInfo,
  after: number,
): Promise<StoredPart[] | null> {
  try {
    return await blobs.parts(info.key, info.uploadId, after);
  } catch (error) {
    if (
      error instanceof NotFound &&
      ((await blobs.stat(info.key)) || (await blobs.stat(stateKey(info.id, 'done'))))
    )
      return null;
    throw error;
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
