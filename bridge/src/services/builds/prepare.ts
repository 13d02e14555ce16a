import { createHash } from 'node:crypto';
import { pinBases, planBuild } from '../../domain/builds/plan.ts';
import type { BuildPlan } from '../../domain/builds/plan.ts';
import type { ModelFile } from '../../domain/builds/copy.ts';
import { cacheRepository, hasTriggers } from './base-image.ts';
import { contextFiles } from './context.ts';
import type { ImageStorePort } from '../ports/image-store.ts';
import { splitImage } from '../../domain/builds/image-name.ts';
import type { VersionWork } from '../ports/odoo.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { readSmall } from './signed-record.ts';

type Artifact = VersionWork['artifacts'][number];
export interface Layering {
  images: ImageStorePort;
  /** the builder's image: another one builds another base */
  buildImage: string;
  /** signs the notes of layers: the key of the purpose `records` */
  recordSecret: string | Buffer;
  partBytes?: number;
}
/**
 * What a build is going to do, decided once from what was approved and from what the base images
 * are now.
 */
export interface Prepared {
  way: 'layered' | 'ordinary';
  /** where the pod pushes */
  repository: string;
  tag: string;
  /** with its base images named by digest; null: as it was approved */
  dockerfile: string | null;
  /** file → digest, of what the pod is to fetch */
  contents: Record<string, string>;
  /** empty files in the pod, whose bytes come as layers */
  without: string[];
  laid: { file: ModelFile; artifact: Artifact }[];
  reproducible: boolean;
  labels: Record<string, string>;
  /** the beginning of the log */
  told: string[];
}

/** Larger than any Dockerfile that people write; a larger one is built as it is. */
const DOCKERFILE_MAX_BYTES = 256 * 1024;

/** Throws Failed when the version cannot be built at all. */
export async function prepareBuild(
  store: ObjectStore,
  layering: Layering | undefined,
  registryName: string,
  work: VersionWork,
  mustBeOrdinary: string | null,
): Promise<Prepared> {
  const files = contextFiles(work.artifacts);
  const contents = Object.fromEntries(
    [...files].map(([name, artifact]) => [name, artifact.digest]),
  );
  const labels: Record<string, string> = {
    'io.creativeflow.model': work.slug,
    'io.creativeflow.version-id': String(work.versionId),
    'io.creativeflow.generation': String(work.generation),
    'io.creativeflow.contents': contentsDigest(contents),
  };
  const ordinary: Prepared = {
    way: 'ordinary',
    repository: `models/${work.slug}`,
    tag: `v${work.versionId}-g${work.generation}`,
    dockerfile: null,
    contents,
    without: [],
    laid: [],
    reproducible: false,
    labels,
    told: [],
  };
  if (layering === undefined) return ordinary;
  const own = files.get('Dockerfile')!;
  const dockerfile =
    own.size <= DOCKERFILE_MAX_BYTES ? await readSmall(store, own.objectKey) : null;
  if (dockerfile === null) return ordinary; // the pod says why, as it does for every file
  if (sha256(dockerfile) !== own.digest) return ordinary; // the pod refuses it with both digests
  const plan = planBuild({
    dockerfile,
    files: [...files].map(([name, { kind }]) => ({ name, model: kind === 'model' })),
    buildArgs: { REGISTRY: registryName },
  });
  const { pinned, told } = await resolveBases(layering.images, registryName, plan);
  const base = plan.bases.find(({ final }) => final);
  const exact = base && pinned.get(base.image);
  Object.assign(
    labels,
    exact
      ? {
          'org.opencontainers.image.base.name': base.image,
          'org.opencontainers.image.base.digest': exact.split('@')[1],
        }
      : {},
  );
  if (pinned.size > 0)
    labels['io.creativeflow.bases'] = [...pinned]
      .map(([image, digest]) => `${image}@${digest.split('@')[1]}`)
      .join(',');
  const exactDockerfile = pinBases(dockerfile, plan.bases, pinned);
  const reason =
    plan.way === 'ordinary'
      ? plan
      : mustBeOrdinary !== null
        ? { cause: 'misplaced', reason: mustBeOrdinary }
        : await unfitBases(layering.images, plan, pinned);
  if (plan.way === 'ordinary' || reason !== null) {
    labels['io.creativeflow.build'] = `ordinary:${reason!.cause}`;
    return {
      ...ordinary,
      dockerfile: pinned.size > 0 ? exactDockerfile : null,
      told: [
        ...told,
        `ordinary build, the model's bytes go through the builder: ${reason!.reason}`,
      ],
    };
  }
  labels['io.creativeflow.build'] = 'layered';
  const small = Object.fromEntries(
    Object.entries(contents).filter(
      ([name]) => !plan.models.includes(name) && name !== 'Dockerfile',
    ),
  );
  const reproducible = !plan.hasRun;
  return {
    ...ordinary,
    way: 'layered',
    dockerfile: exactDockerfile,
    contents: { ...small, Dockerfile: own.digest },
    without: plan.models,
    reproducible,
    repository: cacheRepository({
      dockerfile: exactDockerfile,
      contents: { ...small, Dockerfile: own.digest },
      models: plan.models,
      builder:
        (await ownDigest(layering.images, registryName, layering.buildImage)) ??
        layering.buildImage,
      settings: [registryName, String(reproducible)],
    }),
    tag: 'built',
    laid: plan.files.map((file) => ({ file, artifact: files.get(file.name)! })),
    told: [
      ...told,
      `layered build: ${plan.files.map(({ name, path }) => `${name} is laid at /${path}`).join(', ')}`,
    ],
  };
}

async function resolveBases(
  images: ImageStorePort,
  registryName: string,
  plan: BuildPlan,
): Promise<{ pinned: Map<string, string>; told: string[] }> {
  const pinned = new Map<string, string>();
  const told: string[] = [];
  for (const { image } of plan.bases) {
    const digest = await ownDigest(images, registryName, image);
    if (digest === null) continue;
    pinned.set(image, `${registryName}/${splitImage(image).repository}@${digest}`);
    told.push(`base ${image} is ${digest}`);
  }
  return { pinned, told };
}

async function unfitBases(
  images: ImageStorePort,
  plan: BuildPlan,
  pinned: Map<string, string>,
): Promise<{ cause: string; reason: string } | null> {
  for (const { image } of plan.bases) {
    const exact = pinned.get(image);
    if (exact === undefined)
      return { cause: 'base-elsewhere', reason: `the base image ${image} is not in our registry.` };
    if (await hasTriggers(images, splitImage(exact).repository, exact.split('@')[1]!))
      return { cause: 'base-onbuild', reason: `the base image ${image} has ONBUILD steps.` };
  }
  return null;
}

/** null: not in our registry */
async function ownDigest(
  images: ImageStorePort,
  registryName: string,
  image: string,
): Promise<string | null> {
  const { registry, repository } = splitImage(image);
  if (registry !== registryName) return null;
  const reference =
    /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ??
    /:([\w.-]+)$/.exec(image.slice(registry.length))?.[1] ??
    'latest';
  return images.digestOf(repository, reference);
}

/**
 * One digest over all files of the context, written into the image: the link from the approved
 * artifacts to it.
 */
function contentsDigest(contents: Record<string, string>): string {
  return sha256(
    Object.entries(contents)
      .map(([name, digest]) => `${digest}  ${name}\n`)
      .sort()
      .join(''),
  );
}

const sha256 = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;
