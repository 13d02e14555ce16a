import { createHash } from 'node:crypto';
import type { ModelFile } from '../../domain/builds/copy.ts';
import { readConfig } from './base-image.ts';
import type { Descriptor, StoredImage } from './base-image.ts';
import type { ImageStorePort } from '../ports/image-store.ts';

export interface LaidFile {
  file: ModelFile;
  /** of the artifact itself */
  artifactDigest: string;
  /** of the layer that holds it */
  digest: string;
  size: number;
}
export interface Assembly {
  from: StoredImage;
  repository: string;
  tag: string;
  files: LaidFile[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export const OCI_IMAGE_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_TAR_LAYER = 'application/vnd.oci.image.layer.v1.tar';
/**
 * When a file of the model was laid in says nothing about the image; the same inputs are to give
 * the same bytes.
 */
const NO_TIME = '1970-01-01T00:00:00Z';

/**
 * The image of a base and the layers of the model that lie in the repository already. The same
 * inputs give the same digest.
 */
export async function assembleImage(
  images: ImageStorePort,
  { from, repository, tag, files, labels, annotations }: Assembly,
  signal: AbortSignal,
): Promise<string> {
  for (const layer of from.manifest.layers)
    await bring(images, layer, { from: from.repository, to: repository }, signal);
  const config = await readConfig(images, from.repository, from.manifest);
  config.config = { ...config.config, Labels: { ...config.config?.Labels, ...labels } };
  config.rootfs = {
    ...config.rootfs,
    diff_ids: [...config.rootfs.diff_ids, ...files.map(({ digest }) => digest)],
  };
  config.history = [
    ...(config.history ?? []),
    ...files.map(({ file, artifactDigest }) => ({
      created: NO_TIME,
      created_by: `COPY ${file.name} /${file.path} # ${artifactDigest}`,
      comment: 'creativeflow.model',
    })),
  ];
  const configBytes = Buffer.from(JSON.stringify(config));
  await images.putBlob(repository, digestOf(configBytes), configBytes);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length },
      layers: [
        ...from.manifest.layers,
        ...files.map(({ artifactDigest, digest, size }) => ({
          mediaType: OCI_TAR_LAYER,
          digest,
          size,
          annotations: { 'io.creativeflow.artifact': artifactDigest },
        })),
      ],
      annotations: { ...from.manifest.annotations, ...annotations },
    }),
  );
  const digest = digestOf(manifest);
  await images.putManifest(repository, digest, OCI_IMAGE_MANIFEST, manifest);
  await images.putManifest(repository, tag, OCI_IMAGE_MANIFEST, manifest);
  return digest;
}

/**
 * A blob of one repository in another: by a mount where the registry does that, else by copying it.
 */
async function bring(
  images: ImageStorePort,
  blob: Descriptor,
  { from, to }: { readonly from: string; readonly to: string },
  signal: AbortSignal,
): Promise<void> {
  if ((await images.hasBlob(to, blob.digest)) || (await images.mount(to, blob.digest, from)))
    return;
  const bytes = await images.blob(from, blob.digest, signal);
  try {
    const part = { start: 0, length: blob.size, bytes };
    const place = await images.append(await images.begin(to), part, signal);
    await images.finish(place, blob.digest);
  } finally {
    bytes.destroy();
  }
}

export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
