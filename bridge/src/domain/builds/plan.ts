import { DockerfileParser } from 'dockerfile-ast';
import { readBases } from './bases.ts';
import type { BaseImage } from './bases.ts';
import type { ModelFile } from './copy.ts';
import { ModelCopies } from './model-copies.ts';
import { Ordinary } from './ordinary.ts';

export type BuildPlan =
  /**
   * the Dockerfile is built with empty files in the place of the model's, whose bytes come as
   * layers on top
   */
  | {
      way: 'layered';
      bases: BaseImage[];
      /** names in the context */
      models: string[];
      files: ModelFile[];
      hasRun: boolean;
    }
  | { way: 'ordinary'; bases: BaseImage[]; cause: string; reason: string };
export interface PlanInput {
  dockerfile: string;
  files: { name: string; model: boolean }[];
  buildArgs: Record<string, string>;
}

const IGNORE_FILES = /(^|\/)(\.dockerignore|\.containerignore|Dockerfile\.dockerignore)$/;
/** An image has room for 127 layers; the base needs some. */
const FILES_MAX = 40;

/**
 * Whether the model's files may be laid on top of the built image with the same result as a build
 * with them in its context. What cannot be proved here is `ordinary`; where a file lands, and whose
 * it is there, is proved later by the empty one in its place.
 */
export function planBuild(input: PlanInput): BuildPlan {
  const bases: BaseImage[] = [];
  try {
    return { way: 'layered', bases, ...layered(input, bases) };
  } catch (error) {
    if (!(error instanceof Ordinary)) throw error;
    return { way: 'ordinary', bases, cause: error.why, reason: error.message };
  }
}

/**
 * The Dockerfile with its base images named by digest. `pinned`: image → the same by digest, where
 * it is known.
 */
export function pinBases(
  dockerfile: string,
  bases: BaseImage[],
  pinned: Map<string, string>,
): string {
  return [...bases]
    .sort((a, b) => b.start - a.start)
    .reduce((text, { image, start, end }) => {
      const exact = pinned.get(image);
      return exact === undefined ? text : text.slice(0, start) + exact + text.slice(end);
    }, dockerfile);
}

function layered(
  { dockerfile, files, buildArgs }: PlanInput,
  bases: BaseImage[],
): { models: string[]; files: ModelFile[]; hasRun: boolean } {
  const parsed = DockerfileParser.parse(dockerfile);
  const instructions = parsed.getInstructions();
  // bases first: they are recorded whichever way is taken
  const { stages, global, unknown } = readBases({ dockerfile, instructions, buildArgs }, bases);
  if (parsed.getDirectives().some((directive) => directive.getName().toLowerCase() === 'escape'))
    throw new Ordinary('directive', 'The Dockerfile sets its own escape character.');
  if (unknown)
    throw new Ordinary('unknown-base', 'A base image depends on a value that is not known here.');
  const ignoring = files.find(({ name }) => IGNORE_FILES.test(name));
  if (ignoring)
    throw new Ordinary('ignore-file', `${ignoring.name} decides what is in the context.`);
  const models = files.filter(({ model }) => model).map(({ name }) => name);
  const names = files.map(({ name }) => name);
  const copies = new ModelCopies({ models, names, stages, global, buildArgs });
  for (const node of instructions) copies.take(node);
  if (copies.landed.length === 0)
    throw new Ordinary('no-copy', 'No COPY in the final stage copies the model.');
  if (copies.landed.length > FILES_MAX)
    throw new Ordinary('many-files', `The model is in more than ${FILES_MAX} files.`);
  return { models, files: copies.landed, hasRun: copies.hasRun };
}
