import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ModelFile } from '../../domain/builds/copy.ts';
import { layerFrame } from '../../domain/builds/model-layer.ts';
import { Conflict, Unavailable } from '../../errors.ts';
import type { ImageStorePort } from '../ports/image-store.ts';
import { LayerBytes } from './layer-stream.ts';
import type { VersionWork } from '../ports/odoo.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { SignedRecords } from './signed-record.ts';

type Artifact = VersionWork['artifacts'][number];
/** An artifact of the model, and where the image has it. */
export interface PlacedArtifact {
  readonly file: ModelFile;
  readonly artifact: Artifact;
}
export interface LayerDeps {
  store: ObjectStore;
  images: ImageStorePort;
  secret: string | Buffer;
  partBytes?: number;
}
/** `resumedAt`: the bytes that an earlier try had brought there */
export interface LayerDone {
  digest: string;
  size: number;
  how: 'there' | 'mounted' | 'written';
  resumedAt: number;
}

/**
 * After so many bytes the place of the upload is noted, so that whoever goes on need not send them
 * again.
 */
const PART_BYTES = 128 * 1024 * 1024;

/**
 * Brings the layer of one file of the model into a repository: not at all when it is there, by a
 * mount when another repository has it, else as a stream out of object storage. The layer is the
 * same bytes each time, so its digest is known after the first.
 */
export async function ensureModelLayer(
  deps: LayerDeps,
  repository: string,
  { file, artifact }: PlacedArtifact,
  signal: AbortSignal,
): Promise<LayerDone> {
  const records = new SignedRecords(deps.store, deps.secret);
  const frame = layerFrame(file, artifact.size);
  const key = createHash('sha256')
    .update(
      JSON.stringify([1, file.path, file.uid, file.gid, file.mode, artifact.digest, artifact.size]),
    )
    .digest('hex');
  const known = await records.read<{ digest: string; repository: string }>(`layers/${key}.json`);
  if (known && (await deps.images.hasBlob(repository, known.digest)))
    return { digest: known.digest, size: frame.size, how: 'there', resumedAt: 0 };
  if (
    known &&
    known.repository !== repository &&
    (await deps.images.mount(repository, known.digest, known.repository))
  ) {
    return { digest: known.digest, size: frame.size, how: 'mounted', resumedAt: 0 };
  }
  const upload = new LayerUpload(
    deps,
    records,
    `layers/${repository.replaceAll('/', '-')}-${key}.upload.json`,
  );
  const { digest, resumedAt } = await upload.run(
    repository,
    frame.size,
    () => new LayerBytes(deps.store, artifact, frame),
    signal,
  );
  await records.write(`layers/${key}.json`, { digest, repository });
  return { digest, size: frame.size, how: 'written', resumedAt };
}

class LayerUpload {
  readonly #deps: LayerDeps;
  readonly #records: SignedRecords;
  readonly #note: string;

  constructor(deps: LayerDeps, records: SignedRecords, note: string) {
    this.#deps = deps;
    this.#records = records;
    this.#note = note;
  }

  async run(
    repository: string,
    size: number,
    open: () => LayerBytes,
    signal: AbortSignal,
  ): Promise<{ digest: string; resumedAt: number }> {
    const { images, partBytes = PART_BYTES } = this.#deps;
    let { place, offset } = await this.#begun(repository, size);
    const resumedAt = offset;
    const bytes = open();
    try {
      // what the registry has already is read again for its digest, and not sent again
      await bytes.skip(offset);
      while (offset < size) {
        signal.throwIfAborted();
        const length = Math.min(partBytes, size - offset);
        const part = Readable.from(bytes.take(length), { objectMode: false });
        place = await images.append(place, { start: offset, length, bytes: part }, signal);
        offset += length;
        if (offset < size) await this.#records.write(this.#note, { place });
      }
      const digest = bytes.digest();
      await images.finish(place, digest);
      await this.#deps.store.remove(this.#note);
      return { digest, resumedAt };
    } catch (error) {
      if (bytes.failure !== null) throw bytes.failure;
      if (!(error instanceof Conflict)) throw error;
      // the registry forgot it, or two wrote to one place: the next try begins its own
      await this.#deps.store.remove(this.#note);
      throw new Unavailable(error.message, { code: 'registry-unavailable', cause: error });
    } finally {
      await bytes.close();
    }
  }

  async #begun(repository: string, size: number): Promise<{ place: string; offset: number }> {
    const { images } = this.#deps;
    const noted = await this.#records.read<{ place: string }>(this.#note);
    const progress = noted && (await images.progress(noted.place));
    return progress && progress.offset <= size
      ? progress
      : { place: await images.begin(repository), offset: 0 };
  }
}
