import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The OCI layout of an image without a layer. */
export function emptyImage(layout: string): string {
  mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true });
  const put = (
    mediaType: string,
    content: object,
  ): { mediaType: string; digest: string; size: number } => {
    const text = JSON.stringify(content);
    const digest = createHash('sha256').update(text).digest('hex');
    writeFileSync(join(layout, 'blobs', 'sha256', digest), text);
    return { mediaType, digest: `sha256:${digest}`, size: text.length };
  };
  const config = put('application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = put(mediaType, { schemaVersion: 2, mediaType, config, layers: [] });
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [manifest] }),
  );
  return layout;
}
