import { buffer as readAll } from 'node:stream/consumers';
import { NotFound } from '../../errors.ts';
import { claimKey, POINTER_MAX_BYTES, POINTER_TYPE, type ArtifactStore } from './artifact-store.ts';
import type { OdooPort } from '../ports/odoo.ts';
import type { Clock, Logger } from '../ports/runtime.ts';
import { readInfo } from './resumable-state.ts';
import type { ResumableUploads } from './resumable-uploads.ts';
import { SERVICE } from '../ports/odoo.ts';

/**
 * What is younger may belong to an upload that runs: nothing of it is touched. Longer than a tus
 * upload lives.
 */
export const ORPHAN_GRACE_MS = 24 * 3600_000;
/** Keys asked of Odoo in one call. */
const ASK_AT_ONCE = 500;

export interface Collected {
  expiredUploads: number;
  openUploads: number;
  blobs: number;
  artifacts: number;
  claims: number;
}

/**
 * Removes what uploads that ended half-way left in the storage: expired tus uploads, multipart
 * uploads that nobody finishes, blobs to which no artifact points, and artifacts
 * that no record names. May run twice, at the same time, and be stopped anywhere; what one run
 * leaves the next one finds.
 *
 * It cannot take an artifact that an upload is just about to use again: both put their claim first,
 * and only one of them can (ArtifactStore's `adopt`).
 */
export class OrphanCollector {
  readonly #store: ArtifactStore;
  readonly #uploads: ResumableUploads;
  readonly #odoo: OdooPort;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #graceMs: number;

  constructor(deps: {
    store: ArtifactStore;
    uploads: ResumableUploads;
    odoo: OdooPort;
    clock: Clock;
    log: Logger;
    graceMs?: number;
  }) {
    this.#store = deps.store;
    this.#uploads = deps.uploads;
    this.#odoo = deps.odoo;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#graceMs = deps.graceMs ?? ORPHAN_GRACE_MS;
  }

  async run(signal?: AbortSignal): Promise<Collected> {
    const collected: Collected = {
      expiredUploads: await this.#expired(),
      openUploads: await this.#open(),
      claims: await this.#claims(),
      artifacts: 0,
      blobs: 0,
    };
    signal?.throwIfAborted();
    collected.artifacts = await this.#artifacts(signal);
    collected.blobs = await this.#blobs();
    this.#log.info(collected, 'orphans.collected');
    return collected;
  }

  async #expired(): Promise<number> {
    let count = 0;
    const seen = new Set<string>();
    for await (const { key, lastModified } of this.#store.blobs.list('tus/')) {
      const id = key.split('/')[1]!;
      if (seen.has(id)) continue;
      seen.add(id);
      const info = await readInfo(this.#store.blobs, id);
      if (info) {
        if (Date.parse(info.expiresAt) > this.#clock.now().getTime()) continue;
        await this.#uploads.remove(info);
      } else {
        if (!this.#isOld(lastModified)) continue;
        await this.#store.blobs.remove(key);
        seen.delete(id); // the upload's other objects too
      }
      count += 1;
    }
    return count;
  }

  /** Those of tus end with their state, above. */
  async #open(): Promise<number> {
    let count = 0;
    for (const { key, uploadId, startedAt } of await this.#store.blobs.openUploads()) {
      if (
        !this.#isOld(startedAt) ||
        (await readInfo(this.#store.blobs, key.slice('blobs/'.length)))
      )
        continue;
      await this.#store.blobs.abort(key, uploadId);
      count += 1;
    }
    return count;
  }

  async #old(prefix: string): Promise<number> {
    let count = 0;
    for await (const { key, lastModified } of this.#store.blobs.list(prefix)) {
      if (!this.#isOld(lastModified)) continue;
      await this.#store.blobs.remove(key);
      count += 1;
    }
    return count;
  }

  /**
   * Also those of a collector that was killed: the artifact that it had claimed is looked at again.
   */
  #claims(): Promise<number> {
    return this.#old('claims/');
  }

  async #artifacts(signal?: AbortSignal): Promise<number> {
    let count = 0;
    let batch: string[] = [];
    const look = async (): Promise<void> => {
      const unknown = await this.#unknown(batch);
      batch = [];
      for (const key of unknown) if (await this.#take(key)) count += 1;
    };
    for await (const { key, lastModified } of this.#store.blobs.list('artifacts/sha256/')) {
      signal?.throwIfAborted();
      if (this.#isOld(lastModified)) batch.push(key);
      if (batch.length === ASK_AT_ONCE) await look();
    }
    if (batch.length > 0) await look();
    return count;
  }

  async #unknown(keys: string[]): Promise<string[]> {
    const known = new Set(
      await this.#odoo.call<string[]>(SERVICE, 'mlops.artifact', 'known_keys', {
        keys,
      }),
    );
    return keys.filter((key) => !known.has(key));
  }

  /**
   * Claims the artifact, asks once more (it may have been registered since), and only then removes
   * it.
   */
  async #take(key: string): Promise<boolean> {
    const claim = claimKey(key);
    // an upload uses it again
    if (!(await this.#store.blobs.putIfAbsent(claim, 'collect', 'text/plain'))) return false;
    try {
      if ((await this.#unknown([key])).length === 0) return false;
      await this.#store.remove(key);
      return true;
    } finally {
      await this.#store.blobs.remove(claim);
    }
  }

  /**
   * A process that ended between the last byte and the pointer leaves a blob to which nothing
   * points.
   */
  async #blobs(): Promise<number> {
    const old: string[] = [];
    for await (const { key, lastModified } of this.#store.blobs.list('blobs/')) {
      if (
        this.#isOld(lastModified) &&
        !(await readInfo(this.#store.blobs, key.slice('blobs/'.length)))
      )
        old.push(key);
    }
    if (old.length === 0) return 0;
    const pointed = await this.#pointedAt();
    let count = 0;
    for (const key of old) {
      if (pointed.has(key)) continue;
      await this.#store.blobs.remove(key);
      count += 1;
    }
    return count;
  }

  async #pointedAt(): Promise<Set<string>> {
    const pointed = new Set<string>();
    for await (const { key, size } of this.#store.blobs.list('artifacts/sha256/')) {
      if (size >= POINTER_MAX_BYTES) continue;
      try {
        if ((await this.#store.blobs.stat(key))?.contentType !== POINTER_TYPE) continue;
        pointed.add(
          (
            JSON.parse(String(await readAll(await this.#store.blobs.get(key)))) as {
              storedAt: string;
            }
          ).storedAt,
        );
      } catch (error) {
        if (!(error instanceof NotFound)) throw error; // removed in this moment, with its blob
      }
    }
    return pointed;
  }

  #isOld(at: Date): boolean {
    return at.getTime() < this.#clock.now().getTime() - this.#graceMs;
  }
}
