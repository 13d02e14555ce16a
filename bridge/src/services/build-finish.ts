import { assembleImage } from './build-assemble.ts';
import type { LaidFile } from './build-assemble.ts';
import type { CachedBase } from './build-base.ts';
import { ensureModelLayer } from './build-layer.ts';
import type { LayerDone } from './build-layer.ts';
import type { Layering, Prepared } from './build-prepare.ts';
import type { JobContext, ObjectStore, VersionWork } from './ports.ts';

export interface FinishParts { store: ObjectStore; layering: Layering; secret: string }

/** Lays the model on its base and names the whole. Whoever is killed here leaves what the next one finds: blobs, and the place of an upload. */
export async function finishLayered({ store, layering: { images, partBytes }, secret }: FinishParts, work: VersionWork, prepared: Prepared, base: Exclude<CachedBase, null | 'unfit'>, context: JobContext): Promise<{ digest: string; told: string[] }> {
  const repository = `models/${work.slug}`;
  const tag = `v${work.versionId}-g${work.generation}`;
  const files: LaidFile[] = [];
  const told: string[] = [];
  for (const { file, artifact } of prepared.laid) {
    const began = performance.now();
    const done = await ensureModelLayer({ store, images, secret, ...(partBytes ? { partBytes } : {}) }, repository, file, artifact, context.signal);
    files.push({ file, artifactDigest: artifact.digest, digest: done.digest, size: done.size });
    told.push(`layer of ${file.name}: ${done.digest}, ${done.size} bytes, ${saying(done)}`);
    context.log.info({ versionId: work.versionId, layer: done.digest, bytes: done.size, how: done.how, resumedAt: done.resumedAt, ms: Math.round(performance.now() - began) }, 'build.layer');
  }
  const annotations = { ...prepared.labels, 'org.opencontainers.image.title': work.slug, 'org.opencontainers.image.version': work.version };
  const digest = await assembleImage(images, { from: base, repository, tag, files, labels: prepared.labels, annotations }, context.signal);
  told.push(`pushed ${digest}`);
  return { digest, told };
}

function saying({ how, resumedAt }: LayerDone): string {
  if (how === 'there') return 'the registry had it';
  if (how === 'mounted') return 'mounted from another model\'s repository';
  return resumedAt > 0 ? `written, of which ${resumedAt} bytes by an earlier try` : 'written';
}
