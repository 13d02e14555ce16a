import { Add, Arg, Copy, DockerfileParser, Env, From } from 'dockerfile-ast';
import type { Instruction } from 'dockerfile-ast';
import { expandKnown, flagsOf, landing, ownership, reads, wordsOf } from './copy.ts';
import type { ModelFile, Variables } from './copy.ts';

/** Where a base image stands in the Dockerfile, so that it can be replaced by its digest. */
export interface BaseImage {
  image: string;
  start: number;
  end: number;
  /** the last stage starts from it */
  final: boolean;
}
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

/** What may follow the line that brings the model in: nothing of it reads or changes a file. */
const HARMLESS = new Set([
  'LABEL',
  'ENV',
  'EXPOSE',
  'CMD',
  'ENTRYPOINT',
  'USER',
  'HEALTHCHECK',
  'STOPSIGNAL',
  'SHELL',
  'MAINTAINER',
  'ARG',
]);
const KNOWN = new Set([...HARMLESS, 'FROM', 'RUN', 'COPY', 'ADD', 'WORKDIR']);
const IGNORE_FILES = /(^|\/)(\.dockerignore|\.containerignore|Dockerfile\.dockerignore)$/;
/** An image has room for 127 layers; the base needs some. */
const FILES_MAX = 40;

class Ordinary extends Error {
  readonly why: string;
  constructor(cause: string, reason: string) {
    super(reason);
    this.why = cause;
  }
}

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
  const names: string[] = [];
  const global: Variables = new Map();
  const last = instructions.findLast((node) => node instanceof From);
  let unknown = false;
  // bases first: they are recorded whichever way is taken
  for (const node of instructions) {
    if (node instanceof From) {
      const range = node.getImageRange();
      const image = expandKnown(node.getImage() ?? '', global);
      if (image === null || range === null) unknown = true;
      else if (image.toLowerCase() !== 'scratch' && !names.includes(image.toLowerCase())) {
        bases.push({
          image,
          start: offsetOf(dockerfile, range.start),
          end: offsetOf(dockerfile, range.end),
          final: node === last,
        });
      }
      names.push(node.getBuildStage()?.toLowerCase() ?? '');
    } else if (names.length === 0 && node instanceof Arg) declare(node, global, null, buildArgs);
  }
  if (parsed.getDirectives().some((directive) => directive.getName().toLowerCase() === 'escape'))
    throw new Ordinary('directive', 'The Dockerfile sets its own escape character.');
  if (unknown)
    throw new Ordinary('unknown-base', 'A base image hangs on a value that is not known here.');
  const ignoring = files.find(({ name }) => IGNORE_FILES.test(name));
  if (ignoring)
    throw new Ordinary('ignore-file', `${ignoring.name} decides what is in the context.`);
  const models = files.filter(({ model }) => model).map(({ name }) => name);
  const copies = new Walk(
    models,
    files.map(({ name }) => name),
    names,
    global,
    buildArgs,
  );
  for (const node of instructions) copies.take(node);
  if (copies.landed.length === 0)
    throw new Ordinary('no-copy', 'No COPY of the final stage brings the model in.');
  if (copies.landed.length > FILES_MAX)
    throw new Ordinary('many-files', `The model is in more than ${FILES_MAX} files.`);
  return { models, files: copies.landed, hasRun: copies.hasRun };
}

/** Goes through the Dockerfile as a build does, with an eye on the model. */
class Walk {
  landed: ModelFile[] = [];
  hasRun = false;
  #stage = -1;
  #variables: Variables = new Map();
  #workdir: string | null = null;
  readonly #inputs: {
    models: string[];
    names: string[];
    stages: string[];
    global: Variables;
    buildArgs: Record<string, string>;
  };

  constructor(
    models: string[],
    names: string[],
    stages: string[],
    global: Variables,
    buildArgs: Record<string, string>,
  ) {
    this.#inputs = { models, names, stages, global, buildArgs };
  }

  take(node: Instruction): void {
    const keyword = node.getKeyword();
    if (!KNOWN.has(keyword))
      throw new Ordinary(
        keyword.toLowerCase(),
        `${keyword} may use or change the model's files in ways that are not looked into.`,
      );
    if (keyword === 'FROM') return this.#begin();
    if (this.#stage < 0) return;
    const after = this.landed.length > 0;
    if (keyword === 'RUN') {
      if (after)
        throw new Ordinary(
          'run-after-copy',
          `RUN in line ${lineOf(node)} comes after the model and may read or change it.`,
        );
      if (flagsOf(node).size > 0 || /<</.test(node.getRawArgumentsContent() ?? ''))
        throw new Ordinary(
          'run-flags',
          `RUN in line ${lineOf(node)} has flags or a here-document.`,
        );
      this.hasRun = true;
    } else if (node instanceof Arg)
      declare(node, this.#variables, this.#inputs.global, this.#inputs.buildArgs);
    else if (node instanceof Env)
      for (const each of node.getProperties())
        this.#variables.set(each.getName(), expandKnown(each.getValue() ?? '', this.#variables));
    else if (keyword === 'WORKDIR') this.#enter(node);
    else if (node instanceof Copy || node instanceof Add) this.#copy(node, after);
  }

  #begin(): void {
    if (this.landed.length > 0)
      throw new Ordinary(
        'not-final-stage',
        'The model is brought in by a stage that is not the last one.',
      );
    this.#stage += 1;
    this.#variables = new Map();
    this.#workdir = null;
  }

  #enter(node: Instruction): void {
    const path = expandKnown(node.getArgumentsContent() ?? '', this.#variables);
    this.#workdir = path === null || /["'\\]/.test(path) ? null : landing(path, this.#workdir);
    if (this.landed.length > 0) this.#mustNotTouch(this.#workdir, node);
  }

  #copy(node: Copy | Add, after: boolean): void {
    const where = `${node.getKeyword()} in line ${lineOf(node)}`;
    const flags = flagsOf(node);
    const odd = [...flags.keys()].find((name) => !['chown', 'chmod', 'from'].includes(name));
    if (odd !== undefined) throw new Ordinary('copy-flags', `${where} has --${odd}.`);
    const from = flags.get('from');
    if (from !== undefined) {
      const earlier = this.#inputs.stages.slice(0, this.#stage);
      if (
        !earlier.includes(from.toLowerCase()) &&
        !(/^\d+$/.test(from) && Number(from) < this.#stage)
      )
        throw new Ordinary(
          'copy-from-image',
          `${where} copies from an image that is no earlier stage.`,
        );
      if (after)
        throw new Ordinary('copy-after', `${where} comes after the model and may change it.`);
      return;
    }
    const words = wordsOf(node, this.#variables);
    if (words === null)
      throw new Ordinary('copy-form', `${where} is not a plain list of files with known names.`);
    const dest = words.pop() ?? '';
    const read = words.map((source) => reads(source, this.#inputs.names, this.#inputs.models));
    if (read.includes('unknown'))
      throw new Ordinary(
        'copy-many',
        `${where} copies by a pattern, a folder with the model in it, or from elsewhere.`,
      );
    if (!read.includes('model') && !after) return;
    if (node instanceof Add)
      throw new Ordinary(
        'add',
        `${where} brings the model in or comes after it; ADD may unpack what it copies.`,
      );
    if (read.includes('folder'))
      throw new Ordinary('copy-after', `${where} copies a folder beside or after the model.`);
    this.#land(node, words, read, dest, flags);
  }

  #land(
    node: Instruction,
    sources: string[],
    read: string[],
    dest: string,
    flags: Map<string, string>,
  ): void {
    const into = sources.length > 1 || /(^|\/)\.?$/.test(dest);
    const path = landing(dest, this.#workdir);
    const owner = ownership(flags);
    if (path === null)
      throw new Ordinary(
        'unknown-destination',
        `The destination in line ${lineOf(node)} depends on what is not known here.`,
      );
    if (owner === null)
      throw new Ordinary(
        'unknown-owner',
        `--chown or --chmod in line ${lineOf(node)} is not in numbers.`,
      );
    const folder = path === '/' ? '' : path;
    sources.forEach((source, at) => {
      const name = source.replace(/^(\.?\/)+/, '');
      const target = into || path === this.#workdir ? `${folder}/${name.split('/').at(-1)}` : path;
      this.#mustNotTouch(target, node);
      if (read[at] === 'model') this.landed.push({ name, path: target.slice(1), ...owner });
      // the destination may be a folder
      else this.#mustNotTouch(`${target}/${name.split('/').at(-1)}`, node);
    });
  }

  #mustNotTouch(path: string | null, node: Instruction): void {
    const touched =
      path === null ||
      this.landed.some(
        ({ path: model }) =>
          `/${model}` === path ||
          path.startsWith(`/${model}/`) ||
          (`/${model}`.startsWith(`${path}/`) && node.getKeyword() === 'COPY'),
      );
    if (touched)
      throw new Ordinary(
        'overwritten',
        `${node.getKeyword()} in line ${lineOf(node)} may write where the model is.`,
      );
  }
}

function declare(
  node: Arg,
  variables: Variables,
  global: Variables | null,
  buildArgs: Record<string, string>,
): void {
  for (const each of node.getProperties()) {
    const written = each.getValue();
    variables.set(
      each.getName(),
      buildArgs[each.getName()] ??
        (written === null
          ? (global?.get(each.getName()) ?? null)
          : expandKnown(written, variables)),
    );
  }
}

const lineOf = (node: Instruction): number => node.getRange().start.line + 1;

function offsetOf(text: string, { line, character }: { line: number; character: number }): number {
  let offset = 0;
  for (let at = 0; at < line; at += 1) offset = text.indexOf('\n', offset) + 1;
  return offset + character;
}
