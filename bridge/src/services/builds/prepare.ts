import { createHash } from 'node:crypto';
import { pinBases, planBuild } from '../../domain/builds/plan.ts';
import type { BuildPlan } from '../../domain/builds/plan.ts';
import { cacheRepository, hasTriggers } from './base-image.ts';
import { contextFiles } from './context.ts';
import type { PlacedArtifact } from './model-layer.ts';
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
export interface PrepareParts {
  readonly store: ObjectStore;
  /** without it every build is an ordinary one */
  readonly layering?: Layering;
  /** the registry in image names, host and port */
  readonly registryName: string;
}
/** What makes a base another one, beside the files of its context. */
interface BaseInputs {
  readonly dockerfile: string;
  readonly builder: string;
  readonly registryName: string;
}
type LayeredPlan = Extract<BuildPlan, { way: 'layered' }>;
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
  laid: PlacedArtifact[];
  reproducible: boolean;
  labels: Record<string, string>;
  /** the beginning of the log */
  told: string[];
}

/** Larger than any Dockerfile that people write; a larger one is built as it is. */
const DOCKERFILE_MAX_BYTES = 256 * 1024;

/** Throws Failed when the version cannot be built at all. */
export async function prepareBuild(
  { store, layering, registryName }: PrepareParts,
  work: VersionWork,
  mustBeOrdinary: string | null,
): Promise<Prepared> {
  const files = contextFiles(work.artifacts);
  const ordinary = ordinaryBuild(work, files);
  if (layering === undefined) return ordinary;
  const dockerfile = await readDockerfile(store, files.get('Dockerfile')!);
  if (dockerfile === null) return ordinary;
  const plan = planBuild({
    dockerfile,
    files: [...files].map(([name, { kind }]) => ({ name, model: kind === 'model' })),
    buildArgs: { REGISTRY: registryName },
  });
  const { images } = layering;
  const { pinned, told } = await resolveBases(images, registryName, plan);
  const labels = { ...ordinary.labels, ...baseLabels(plan, pinned) };
  const exactDockerfile = pinBases(dockerfile, plan.bases, pinned);
  const unfit =
    plan.way === 'ordinary'
      ? plan
      : mustBeOrdinary !== null
        ? { cause: 'misplaced', reason: mustBeOrdinary }
        : await unfitBases(images, plan, pinned);
  if (plan.way === 'ordinary' || unfit !== null)
    return {
      ...ordinary,
      dockerfile: pinned.size > 0 ? exactDockerfile : null,
      labels: { ...labels, 'io.creativeflow.build': `ordinary:${unfit!.cause}` },
      told: [...told, `ordinary build, the model's bytes go through the builder: ${unfit!.reason}`],
    };
  const { buildImage } = layering;
  return {
    ...layeredBuild(ordinary, files, plan, {
      dockerfile: exactDockerfile,
      builder: (await ownDigest(images, registryName, buildImage)) ?? buildImage,
      registryName,
    }),
    labels: { ...labels, 'io.creativeflow.build': 'layered' },
    told: [
      ...told,
      `layered build: ${plan.files.map(({ name, path }) => `${name} is laid at /${path}`).join(', ')}`,
    ],
  };
}

function ordinaryBuild(work: VersionWork, files: Map<string, Artifact>): Prepared {
  const contents = Object.fromEntries(
    [...files].map(([name, artifact]) => [name, artifact.digest]),
  );
  return {
    way: 'ordinary',
    repository: `models/${work.slug}`,
    tag: `v${work.versionId}-g${work.generation}`,
    dockerfile: null,
    contents,
    without: [],
    laid: [],
    reproducible: false,
    labels: {
      'io.creativeflow.model': work.slug,
      'io.creativeflow.version-id': String(work.versionId),
      'io.creativeflow.generation': String(work.generation),
      'io.creativeflow.contents': contentsDigest(contents),
    },
    told: [],
  };
}

/** The pod builds a base without the model, kept under what it is made from. */
function layeredBuild(
  ordinary: Prepared,
  files: Map<string, Artifact>,
  plan: LayeredPlan,
  { dockerfile, builder, registryName }: BaseInputs,
): Prepared {
  const small = Object.fromEntries(
    Object.entries(ordinary.contents).filter(
      ([name]) => !plan.models.includes(name) && name !== 'Dockerfile',
    ),
  );
  const contents = { ...small, Dockerfile: files.get('Dockerfile')!.digest };
  const reproducible = !plan.hasRun;
  return {
    ...ordinary,
    way: 'layered',
    dockerfile,
    contents,
    without: plan.models,
    reproducible,
    repository: cacheRepository({
      dockerfile,
      contents,
      models: plan.models,
      builder,
      settings: [registryName, String(reproducible)],
    }),
    tag: 'built',
    laid: plan.files.map((file) => ({ file, artifact: files.get(file.name)! })),
  };
}

/** null: too large, gone, or not what was approved; the pod says so, as it does for every file. */
async function readDockerfile(store: ObjectStore, artifact: Artifact): Promise<string | null> {
  if (artifact.size > DOCKERFILE_MAX_BYTES) return null;
  const text = await readSmall(store, artifact.objectKey);
  return text !== null && sha256(text) === artifact.digest ? text : null;
}

function baseLabels(plan: BuildPlan, pinned: Map<string, string>): Record<string, string> {
  const labels: Record<string, string> = {};
  const base = plan.bases.find(({ final }) => final);
  const exact = base && pinned.get(base.image);
  if (exact) {
    labels['org.opencontainers.image.base.name'] = base.image;
    labels['org.opencontainers.image.base.digest'] = exact.split('@')[1]!;
  }
  if (pinned.size > 0)
    labels['io.creativeflow.bases'] = [...pinned]
      .map(([image, digest]) => `${image}@${digest.split('@')[1]}`)
      .join(',');
  return labels;
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
