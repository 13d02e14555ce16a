import { digestOf, OCI_IMAGE_MANIFEST } from './assemble-image.ts';
import type { Descriptor } from './base-image.ts';
import type { ImageStorePort } from '../ports/image-store.ts';

export interface Referrer {
  artifactType: string;
  bytes: Buffer;
  annotations?: Record<string, string>;
}
export type AttachReferrer = (
  repository: string,
  digest: string,
  referrer: Referrer,
) => Promise<void>;

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const EMPTY = Buffer.from('{}');

/**
 * Hangs a document on an image, so that `oras discover`, `cosign tree` and scanners find it beside
 * the image: a manifest with a `subject`, and where the registry keeps no list of referrers, that
 * list under the tag which the distribution specification names.
 */
export async function attachReferrer(
  images: ImageStorePort,
  repository: string,
  digest: string,
  { artifactType, bytes, annotations = {} }: Referrer,
): Promise<void> {
  const subject = await images.manifest(repository, digest);
  if (subject === null) return; // collected meanwhile; nothing to hang it on
  await images.putBlob(repository, digestOf(EMPTY), EMPTY);
  await images.putBlob(repository, digestOf(bytes), bytes);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_MANIFEST,
      artifactType,
      config: { mediaType: EMPTY_TYPE, digest: digestOf(EMPTY), size: EMPTY.length },
      layers: [{ mediaType: artifactType, digest: digestOf(bytes), size: bytes.length }],
      subject: { mediaType: subject.mediaType, digest, size: subject.bytes.length },
      annotations,
    }),
  );
  const { subject: listed } = await images.putManifest(
    repository,
    digestOf(manifest),
    OCI_IMAGE_MANIFEST,
    manifest,
  );
  if (!listed)
    await list(images, repository, digest.replace(':', '-'), {
      mediaType: OCI_IMAGE_MANIFEST,
      digest: digestOf(manifest),
      size: manifest.length,
      artifactType,
      annotations,
    });
}

/** A newer document takes the place of the older one of its kind. */
async function list(
  images: ImageStorePort,
  repository: string,
  tag: string,
  entry: Descriptor & { artifactType: string },
): Promise<void> {
  const known = await images.manifest(repository, tag);
  const index =
    known === null
      ? { manifests: [] }
      : (JSON.parse(known.bytes.toString('utf8')) as {
          manifests: (Descriptor & { artifactType?: string })[];
        });
  const others = index.manifests.filter(({ artifactType }) => artifactType !== entry.artifactType);
  await images.putManifest(
    repository,
    tag,
    OCI_INDEX,
    Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...others, entry] }),
    ),
  );
}
