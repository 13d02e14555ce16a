import { Add, Arg, Copy, Env } from 'dockerfile-ast';
import type { Instruction } from 'dockerfile-ast';
import { declare, expandKnown, flagsOf, landing, ownership, reads, wordsOf } from './copy.ts';
import type { ModelFile, Reads, Variables } from './copy.ts';
import { Ordinary } from './ordinary.ts';

/** What is known of a build before its Dockerfile is gone through. */
interface CopyContext {
  readonly models: string[];
  /** all files of the context */
  readonly names: string[];
  /** names of the stages; '' where one has none */
  readonly stages: string[];
  readonly global: Variables;
  readonly buildArgs: Record<string, string>;
}
/** One source of a COPY, and what it stands for. */
interface Source {
  readonly source: string;
  readonly read: Reads;
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

/** Goes through the Dockerfile as a build does, with an eye on the model. */
export class ModelCopies {
  landed: ModelFile[] = [];
  hasRun = false;
  #stage = -1;
  #variables: Variables = new Map();
  #workdir: string | null = null;
  readonly #context: CopyContext;

  constructor(context: CopyContext) {
    this.#context = context;
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
    if (keyword === 'RUN') this.#run(node);
    else if (node instanceof Arg)
      declare(node, this.#variables, this.#context.global, this.#context.buildArgs);
    else if (node instanceof Env)
      for (const each of node.getProperties())
        this.#variables.set(each.getName(), expandKnown(each.getValue() ?? '', this.#variables));
    else if (keyword === 'WORKDIR') this.#enter(node);
    else if (node instanceof Copy || node instanceof Add) this.#copy(node);
  }

  get #hasModel(): boolean {
    return this.landed.length > 0;
  }

  #run(node: Instruction): void {
    const where = `RUN in line ${lineOf(node)}`;
    if (this.#hasModel)
      throw new Ordinary(
        'run-after-copy',
        `${where} comes after the model and may read or change it.`,
      );
    if (flagsOf(node).size > 0 || /<</.test(node.getRawArgumentsContent() ?? ''))
      throw new Ordinary('run-flags', `${where} has flags or a here-document.`);
    this.hasRun = true;
  }

  #begin(): void {
    if (this.#hasModel)
      throw new Ordinary(
        'not-final-stage',
        'The model is copied in a stage that is not the last one.',
      );
    this.#stage += 1;
    this.#variables = new Map();
    this.#workdir = null;
  }

  #enter(node: Instruction): void {
    const path = expandKnown(node.getArgumentsContent() ?? '', this.#variables);
    this.#workdir = path === null || /["'\\]/.test(path) ? null : landing(path, this.#workdir);
    if (this.#hasModel) this.#mustNotTouch(this.#workdir, node);
  }

  #copy(node: Copy | Add): void {
    const where = `${node.getKeyword()} in line ${lineOf(node)}`;
    const flags = flagsOf(node);
    const odd = [...flags.keys()].find((name) => !['chown', 'chmod', 'from'].includes(name));
    if (odd !== undefined) throw new Ordinary('copy-flags', `${where} has --${odd}.`);
    const from = flags.get('from');
    if (from !== undefined) return this.#copyFrom(from, where);
    const words = wordsOf(node, this.#variables);
    if (words === null)
      throw new Ordinary('copy-form', `${where} is not a plain list of files with known names.`);
    const dest = words.pop() ?? '';
    const { names, models } = this.#context;
    const sources = words.map((source) => ({ source, read: reads(source, names, models) }));
    const isRead = (read: Reads): boolean => sources.some((each) => each.read === read);
    if (isRead('unknown'))
      throw new Ordinary(
        'copy-many',
        `${where} copies by a pattern, a folder with the model in it, or from elsewhere.`,
      );
    if (!isRead('model') && !this.#hasModel) return;
    if (node instanceof Add)
      throw new Ordinary(
        'add',
        `${where} brings the model in or comes after it; ADD may unpack what it copies.`,
      );
    if (isRead('folder'))
      throw new Ordinary('copy-after', `${where} copies a folder beside or after the model.`);
    this.#land(node, sources, dest, flags);
  }

  /** Another stage has no model in it; where it comes from must still be known. */
  #copyFrom(from: string, where: string): void {
    const earlier = this.#context.stages.slice(0, this.#stage);
    const isStage =
      earlier.includes(from.toLowerCase()) || (/^\d+$/.test(from) && Number(from) < this.#stage);
    if (!isStage)
      throw new Ordinary(
        'copy-from-image',
        `${where} copies from an image that is no earlier stage.`,
      );
    if (this.#hasModel)
      throw new Ordinary('copy-after', `${where} comes after the model and may change it.`);
  }

  #land(node: Instruction, sources: Source[], dest: string, flags: Map<string, string>): void {
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
    for (const { source, read } of sources) {
      const name = source.replace(/^(\.?\/)+/, '');
      const target = into || path === this.#workdir ? `${folder}/${name.split('/').at(-1)}` : path;
      this.#mustNotTouch(target, node);
      if (read === 'model') this.landed.push({ name, path: target.slice(1), ...owner });
      // the destination may be a folder
      else this.#mustNotTouch(`${target}/${name.split('/').at(-1)}`, node);
    }
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

const lineOf = (node: Instruction): number => node.getRange().start.line + 1;
