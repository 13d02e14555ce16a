import { createHash } from 'node:crypto';
import type { ArtifactSeen, ImageSeen } from '../../domain/integrity/types.ts';
import type { ImageStorePort } from '../ports/image-store.ts';
import type { ArtifactBytes, Due, Witness } from '../ports/integrity.ts';

interface Manifest {
  config?: { digest: string };
  layers?: { digest: string }[];
  manifests?: { digest: string }[];
}

/**
 * The image as the registry has it now: its manifest by its own bytes, and whether each blob is
 * there. None is fetched.
 */
export async function lookAtImage(
  images: Pick<ImageStorePort, 'manifest' | 'hasBlob'>,
  repository: string,
  digest: string,
): Promise<ImageSeen> {
  const found = await images.manifest(repository, digest);
  if (found === null) return { digest: null, missing: [], platforms: [] };
  const manifest = JSON.parse(found.bytes.toString('utf8')) as Manifest;
  const platforms = (manifest.manifests ?? []).map((entry) => entry.digest);
  const parts = await Promise.all(
    platforms.map(async (platform) => ({
      platform,
      seen: await lookAtImage(images, repository, platform),
    })),
  );
  const blobs = [manifest.config, ...(manifest.layers ?? [])].flatMap((blob) =>
    blob ? [blob.digest] : [],
  );
  const there = await Promise.all(blobs.map((blob) => images.hasBlob(repository, blob)));
  return {
    digest: `sha256:${createHash('sha256').update(found.bytes).digest('hex')}`,
    platforms,
    missing: [
      ...blobs.filter((_, index) => !there[index]),
      ...parts.flatMap(({ platform, seen }) => (seen.digest === null ? [platform] : seen.missing)),
    ],
  };
}

/**
 * The artifacts as the storage has them: their sizes each time; their bytes when all are to be
 * read, or when the storage says that an object was written since its bytes were last read.
 */
export async function lookAtArtifacts(
  store: ArtifactBytes,
  { artifacts, witness: known, deep }: Pick<Due, 'artifacts' | 'witness' | 'deep'>,
  signal: AbortSignal,
): Promise<{ seen: ArtifactSeen[]; witness: Witness }> {
  const seen: ArtifactSeen[] = [];
  const witness: Witness = {};
  for (const { objectKey, size } of artifacts) {
    const stat = await store.witness(objectKey);
    const before = known[objectKey];
    if (stat === null || stat.size !== size) {
      seen.push({ objectKey, size: stat?.size ?? null, digest: null });
      continue;
    }
    const read = deep || (before !== undefined && before.mark !== stat.mark);
    const digest = read ? await digestOf(store, objectKey, signal) : (before?.digest ?? null);
    seen.push({ objectKey, size: stat.size, digest });
    if (digest !== null) witness[objectKey] = { mark: stat.mark, digest };
  }
  return { seen, witness };
}

async function digestOf(store: ArtifactBytes, key: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const stream = await store.get(key);
  for await (const chunk of stream) {
    signal.throwIfAborted();
    hash.update(chunk as Buffer);
  }
  return `sha256:${hash.digest('hex')}`;
}
