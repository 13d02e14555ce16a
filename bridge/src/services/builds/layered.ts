import { assembleImage } from './assemble-image.ts';
import type { LaidFile } from './assemble-image.ts';
import type { StoredImage } from './base-image.ts';
import { ensureModelLayer } from './model-layer.ts';
import type { LayerDone } from './model-layer.ts';
import type { Layering, Prepared } from './prepare.ts';
import type { VersionWork } from '../ports/odoo.ts';
import type { JobContext } from '../ports/jobs.ts';
import type { ObjectStore } from '../ports/object-store.ts';

export interface LayerParts {
  store: ObjectStore;
  layering: Layering;
}

/** What a layered image is put together from. */
export interface LayeredImage {
  readonly base: StoredImage;
  readonly files: LaidFile[];
  readonly labels: Record<string, string>;
}

/** The model's layers in the repository of the model, and what to say of them in the log. */
export interface LayersLaid {
  files: LaidFile[];
  told: string[];
}

/** Needs no base: can be done while the base is built. */
export async function layModel(
  { store, layering: { images, partBytes, recordSecret: secret } }: LayerParts,
  work: VersionWork,
  { laid }: Prepared,
  context: JobContext,
): Promise<LayersLaid> {
  const files: LaidFile[] = [];
  const told: string[] = [];
  for (const placed of laid) {
    const { file, artifact } = placed;
    const began = performance.now();
    const done = await ensureModelLayer(
      { store, images, secret, ...(partBytes ? { partBytes } : {}) },
      `models/${work.slug}`,
      placed,
      context.signal,
    );
    files.push({ file, artifactDigest: artifact.digest, digest: done.digest, size: done.size });
    told.push(`layer of ${file.name}: ${done.digest}, ${done.size} bytes, ${saying(done)}`);
    context.log.info(
      {
        versionId: work.versionId,
        layer: done.digest,
        bytes: done.size,
        how: done.how,
        resumedAt: done.resumedAt,
        ms: Math.round(performance.now() - began),
      },
      'build.layer',
    );
  }
  return { files, told };
}

/**
 * Puts the model's layers on its base and names the whole. Whoever is killed here leaves what the
 * next one finds: blobs, and the place of an upload.
 */
export async function finishLayered(
  { images }: Layering,
  work: VersionWork,
  { base, files, labels }: LayeredImage,
  signal: AbortSignal,
): Promise<string> {
  const annotations = {
    ...labels,
    'org.opencontainers.image.title': work.slug,
    'org.opencontainers.image.version': work.version,
  };
  const repository = `models/${work.slug}`;
  const tag = `v${work.versionId}-g${work.generation}`;
  return assembleImage(images, { from: base, repository, tag, files, labels, annotations }, signal);
}

function saying({ how, resumedAt }: LayerDone): string {
  if (how === 'there') return 'the registry had it';
  if (how === 'mounted') return "mounted from another model's repository";
  return resumedAt > 0 ? `written, of which ${resumedAt} bytes by an earlier try` : 'written';
}
