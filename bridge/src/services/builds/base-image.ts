import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Header } from 'tar-stream';
import type { ModelFile } from '../../domain/builds/copy.ts';
import type { ImageStorePort, StoredManifest } from '../ports/image-store.ts';

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}
export interface ImageManifest {
  mediaType?: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}
export interface ImageConfig {
  created?: string;
  config?: { Labels?: Record<string, string> | null; OnBuild?: string[] | null };
  rootfs: { type: string; diff_ids: string[] };
  history?: object[];
}
export interface BaseKey {
  dockerfile: string;
  contents: Record<string, string>;
  models: string[];
  builder: string;
  settings: string[];
}
export interface StoredImage {
  readonly repository: string;
  readonly manifest: ImageManifest;
}
/**
 * An image without the model's bytes that was built before, or the knowledge that the model cannot
 * be laid on top of it.
 */
export type CachedBase = StoredImage | 'unfit' | null;

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** set once the image was read and the model fits on top of it */
const FIT_TAG = 'fit';
const UNFIT_TAG = 'unfit';

/**
 * The repository of a cached base: one for each set of inputs, so that a build can spoil nobody's
 * but its own.
 */
export function cacheRepository(key: BaseKey): string {
  const contents = Object.entries(key.contents).sort(([a], [b]) => (a < b ? -1 : 1));
  return `cache/${createHash('sha256')
    .update(
      JSON.stringify([
        1,
        key.dockerfile,
        contents,
        [...key.models].sort(),
        key.builder,
        key.settings,
      ]),
    )
    .digest('hex')}`;
}

export async function findBase(images: ImageStorePort, repository: string): Promise<CachedBase> {
  if (await images.digestOf(repository, UNFIT_TAG)) return 'unfit';
  const found = await images.manifest(repository, FIT_TAG);
  if (found === null) return null;
  const manifest = manifestOf(found);
  // a registry that was cleaned may have the manifest without its blobs
  const there = await Promise.all(
    [manifest.config, ...manifest.layers].map(({ digest }) => images.hasBlob(repository, digest)),
  );
  return there.every(Boolean) ? { repository, manifest } : null;
}

/**
 * Looks where the empty files have come to lie in what the pod built. Only when that is where the
 * model's layers will put them is it fit.
 */
export async function judgeBase(
  images: ImageStorePort,
  { repository, digest }: { readonly repository: string; readonly digest: string },
  files: ModelFile[],
  signal: AbortSignal,
): Promise<{ fit: true } | { fit: false; why: string }> {
  const found = await images.manifest(repository, digest);
  const mark = async (tag: string): Promise<void> => {
    if (found) await images.putManifest(repository, tag, found.mediaType, found.bytes);
  };
  const why =
    found?.mediaType === OCI_MANIFEST
      ? await misplaced(images, { repository, manifest: manifestOf(found) }, files, signal)
      : 'the image is in no OCI format';
  await mark(why === null ? FIT_TAG : UNFIT_TAG);
  return why === null ? { fit: true } : { fit: false, why };
}

/** What a base of a base would do in a build of ours: `ONBUILD` may read the context. */
export async function hasTriggers(
  images: ImageStorePort,
  repository: string,
  digest: string,
): Promise<boolean> {
  const found = await images.manifest(repository, digest);
  if (found === null) return true;
  const manifest = JSON.parse(found.bytes.toString('utf8')) as ImageManifest & {
    manifests?: (Descriptor & { platform?: { os: string; architecture: string } })[];
  };
  if (manifest.manifests) {
    const each = await Promise.all(
      manifest.manifests
        .filter(({ platform }) => platform?.os === 'linux')
        .map((one) => hasTriggers(images, repository, one.digest)),
    );
    return each.includes(true);
  }
  return ((await readConfig(images, repository, manifest)).config?.OnBuild ?? []).length > 0;
}

export async function readConfig(
  images: ImageStorePort,
  repository: string,
  manifest: ImageManifest,
): Promise<ImageConfig> {
  const chunks: Buffer[] = [];
  for await (const chunk of await images.blob(repository, manifest.config.digest))
    chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as ImageConfig;
}

const manifestOf = ({ bytes }: StoredManifest): ImageManifest =>
  JSON.parse(bytes.toString('utf8')) as ImageManifest;

/** null: each file lies where its layer will put it, and as its layer will have it. */
async function misplaced(
  images: ImageStorePort,
  { repository, manifest }: StoredImage,
  files: ModelFile[],
  signal: AbortSignal,
): Promise<string | null> {
  const wanted = new Map(files.map((file) => [file.path, file]));
  for (const layer of [...manifest.layers].reverse()) {
    if (wanted.size === 0) return null;
    const blob = await images.blob(repository, layer.digest, signal);
    const tar = extract();
    const unpacked = /gzip/.test(layer.mediaType) ? blob.pipe(createGunzip()) : blob;
    for (const stream of new Set([blob, unpacked]))
      stream.on('error', (error: Error) => tar.destroy(error));
    unpacked.pipe(tar);
    for await (const entry of tar) {
      entry.resume();
      const { header } = entry;
      const path = header.name.replace(/^\.?\//, '');
      const file = wanted.get(path);
      if (file === undefined) continue;
      if (!isPlaceOf(file, header))
        return `${file.name} came to /${path} as a ${header.type} of ${header.uid}:${header.gid} with mode ${(header.mode ?? 0).toString(8)}`;
      wanted.delete(path);
    }
  }
  const [first] = wanted.values();
  return first === undefined ? null : `${first.name} did not come to /${first.path}`;
}

const isPlaceOf = (file: ModelFile, header: Header): boolean =>
  header.type === 'file' &&
  header.size === 0 &&
  header.uid === file.uid &&
  header.gid === file.gid &&
  (header.mode ?? 0) % 0o10000 === file.mode;
