import {
  Add,
  Arg,
  Copy,
  DockerfileParser,
  Env,
  Keyword,
  Label,
  Run,
  type Dockerfile,
  type Instruction,
} from 'dockerfile-ast';
import { Rejected, type Report } from '../report.ts';
import { RULES } from '../rules.ts';
import type { ByteSource } from '../source.ts';
import type { Limits, ScanResult } from '../types.ts';
import { fixOf } from './fixes.ts';
import { checkDigest, checkHabits, checkRegistry } from './habit-rules.ts';
import { checkCopy, checkRunFlags, sources, whyRoot, whyUnpinned } from './image-rules.ts';
import { checkLoaders } from './loader-rules.ts';
import { checkPackages } from './package-rules.ts';
import { decoded, isSecretFile, isSecretPair, secretIn, shellPairs } from './secret-rules.ts';
import { readServing } from './serving.ts';
import { checkSettings } from './settings-rules.ts';
import { checkShell, type Tell } from './shell-rules.ts';
import { readStages, type Stage } from './stages.ts';
import { readings, type Variables } from './variables.ts';

export interface DockerfileOptions {
  buildArgs: Record<string, string>;
  registries: readonly string[] | undefined;
}

/** Known to have a value in every build, though nobody knows it here. */
const PLATFORM_ARGS = {
  REGISTRY: 'registry',
  TARGETPLATFORM: 'linux/amd64',
  TARGETOS: 'linux',
  TARGETARCH: 'amd64',
  BUILDPLATFORM: 'linux/amd64',
};
const KEYWORDS = new Set<string>(Object.values(Keyword));
/** characters of one instruction */
const STEP_MAX = 64 * 1024;
const SHELL_KEYWORDS = new Set(['RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK']);
/** what everybody's builder takes when nothing is named */
const ORDINARY_FRONTEND =
  /^(docker\.io\/)?docker\/dockerfile:1(\.\d+){0,2}(-labs)?(@sha256:[0-9a-f]{64})?$/;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/;

/** Checks a Dockerfile and answers what it says about serving. Lines and columns begin at 1. */
export function scanDockerfile(
  source: ByteSource,
  file: string,
  report: Report,
  limits: Limits,
  { buildArgs, registries }: DockerfileOptions,
): ScanResult['serving'] {
  const text = readText(source, limits);
  const lines = text.split(/\r?\n/);
  const dockerfile = DockerfileParser.parse(text);
  const tellAt: TellAt = (node) => (rule, why, evidence) => {
    const { start, end } = node.getRange();
    const fix = fixOf(rule, lines.slice(start.line, end.line + 1).join('\n'));
    const remedy = fix === null ? undefined : `${RULES[rule].remedy} Write: ${fix}`;
    report.add(rule, {
      file,
      line: start.line + 1,
      column: start.character + 1,
      symbol: node.getKeyword(),
      why,
      evidence,
      remedy,
    });
  };
  checkStructure(dockerfile, text, file, report, tellAt);
  const given = { ...PLATFORM_ARGS, ...buildArgs };
  const stages = readStages(dockerfile, given);
  for (const stage of stages) {
    checkDigest(stage, given.REGISTRY, tellAt(stage.from));
    checkLoaders(stage, '', tellAt(stage.from));
    if (stage.parent === null) checkRegistry(stage.base, registries, tellAt(stage.from));
  }
  const last = stages.at(-1);
  if (last === undefined) {
    report.add('docker-syntax', { file, line: 1, column: 1, why: 'There is no FROM.' });
    return {};
  }
  for (const node of dockerfile.getInstructions()) checkSecrets(node, tellAt(node));
  const downloads = new Set<string>();
  for (const stage of stages) checkStage(stage, stages, downloads, tellAt);
  const root = whyRoot(last);
  if (root !== null) tellAt(root.node)('docker-root-user', root.why);
  const { serving, problems } = readServing(last);
  for (const { node, symbol, why } of problems) tellAt(node)('docker-label', why, symbol);
  return serving;
}

function readText(source: ByteSource, limits: Limits): string {
  if (source.size > limits.dockerfileBytes)
    throw new Rejected('limit-exceeded', `A Dockerfile may have ${limits.dockerfileBytes} bytes.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(source.read(0, source.size));
  } catch {
    throw new Rejected('text-encoding', 'The Dockerfile is not UTF-8.');
  }
  // a lone carriage return or a control character makes screens show another file than the one that
  // is built
  if (CONTROL.test(text) || /\r(?!\n)/.test(text))
    throw new Rejected('text-encoding', 'The Dockerfile holds control characters.');
  return text;
}

type TellAt = (node: Instruction) => Tell;

function checkStructure(
  dockerfile: Dockerfile,
  text: string,
  file: string,
  report: Report,
  tellAt: TellAt,
): void {
  for (const directive of dockerfile.getDirectives()) {
    const line = directive.getRange().start.line + 1;
    const name = directive.getName().toLowerCase();
    if (name === 'syntax' && !ORDINARY_FRONTEND.test(directive.getValue()))
      report.add('docker-frontend', { file, line, column: 1, evidence: directive.getValue() });
    if (name === 'escape' && directive.getValue() !== '\\')
      report.add('docker-syntax', {
        file,
        line,
        column: 1,
        why: 'The escape character is changed: builders differ in how they read the rest.',
      });
  }
  // a directive counts only in the first lines; a comment that looks like one is refused wherever
  // it is a first comment of its kind
  if (
    dockerfile.getDirectives().length === 0 &&
    /^(\s*#[^\n]*\n|\s*\n)*\s*#\s*syntax\s*=/i.test(text)
  )
    report.add('docker-frontend', { file, line: 1, column: 1 });
  let from = false;
  for (const node of dockerfile.getInstructions()) {
    const keyword = node.getKeyword();
    from ||= keyword === 'FROM';
    if (!KEYWORDS.has(keyword))
      tellAt(node)(
        'docker-syntax',
        `${JSON.stringify(node.getInstruction().slice(0, 40))} is no instruction.`,
      );
    else if (!from && keyword !== 'ARG')
      tellAt(node)('docker-syntax', `${keyword} stands before the first FROM.`);
    else if ((node.getArgumentsContent() ?? '').trim() === '')
      tellAt(node)('docker-syntax', `${keyword} has no arguments.`);
    if (keyword === 'ONBUILD') tellAt(node)('docker-onbuild');
  }
}

function checkStage(stage: Stage, stages: Stage[], downloads: Set<string>, tellAt: TellAt): void {
  const earlier = stages.slice(0, stages.indexOf(stage));
  const why = stage.parent === null ? whyUnpinned(stage.base) : null;
  if (why !== null) tellAt(stage.from)('docker-unpinned-image', why);
  for (const { node, variables } of stage.instructions) {
    checkInstruction(node, variables, earlier, downloads, tellAt);
    if (node instanceof Run) checkLoaders(stage, ` ${shellText(node)}`, tellAt(node));
  }
}

function checkInstruction(
  node: Instruction,
  variables: Variables,
  earlier: Stage[],
  downloads: Set<string>,
  tellAt: TellAt,
): void {
  const tell = tellAt(node);
  if (node instanceof Run) checkRunFlags(node, earlier, variables, tell);
  if (node instanceof Add || node instanceof Copy) checkCopy(node, earlier, variables, tell);
  const keyword = node.getKeyword();
  checkHabits(node, variables, tell);
  if ((node.getRawArgumentsContent() ?? '').length > STEP_MAX)
    return tell(
      'docker-syntax',
      `A step has more than ${STEP_MAX} characters; COPY a script instead.`,
    );
  if (SHELL_KEYWORDS.has(keyword))
    for (const text of readings(shellText(node), variables)) {
      checkShell(text, downloads, tell);
      checkPackages(text, tell);
    }
  if (keyword === 'SHELL') checkOwnShell(node, tell);
  if (keyword === 'ENV' || keyword === 'ARG' || keyword === 'RUN')
    checkSettings(
      node instanceof Env || node instanceof Arg
        ? node
            .getProperties()
            .map((property) => ({ name: property.getName(), value: property.getValue() ?? '' }))
        : shellPairs(shellText(node)),
      tell,
    );
  // a script that is written here may be run by a later step
  if (node instanceof Copy && /<<-?\s*["']?[A-Za-z_]/.test(node.getRawArgumentsContent() ?? '')) {
    checkShell(shellText(node), new Set(), tell);
    checkPackages(shellText(node), tell);
  }
  if (keyword === 'ONBUILD')
    checkShell(shellText(node).replace(/^\s*RUN\s+/i, ''), downloads, tell);
}

/** A shell that is none reads the steps behind it as another language. */
function checkOwnShell(node: Instruction, tell: Tell): void {
  const words = shellText(node)
    .split(/\s+/)
    .map((word) => word.replace(/^'|'$/g, ''));
  const [program = '', ...flags] = words;
  const plain =
    /(^|\/)(sh|bash|ash|dash|zsh|ksh)$/.test(program) &&
    flags.every(
      (flag) => /^[-+][a-zA-Z]+$/.test(flag) || /^(pipefail|errexit|nounset|xtrace)$/.test(flag),
    );
  if (!plain && !/(^|[\\/])(powershell|pwsh|cmd)(\.exe)?$/i.test(program))
    tell(
      'docker-syntax',
      'SHELL names something else than a shell, so the steps behind it cannot be read.',
      shellText(node),
    );
}

/**
 * The command of an instruction as one shell text: continuation lines joined, comments gone, the
 * exec form put together again.
 */
function shellText(node: Instruction): string {
  const raw = node.getRawArgumentsContent() ?? '';
  const joined = raw
    .replace(/^[ \t]*#(?!!).*\n?/gm, '')
    .replace(/\\[ \t]*\r?\n/g, '')
    .replace(/^(--\S+\s+)+/, '')
    .replace(/^CMD\s+/i, '')
    .trim();
  if (!joined.startsWith('[')) return heredocs(joined);
  try {
    const words: unknown = JSON.parse(joined);
    if (Array.isArray(words))
      return words.map((word) => `'${String(word).replaceAll("'", "'\\''")}'`).join(' ');
  } catch {
    // not the exec form after all: a builder gives it to the shell as it is
  }
  return joined;
}

/**
 * `<<EOF` and its last line away, so that the script in between is read as commands; given to an
 * interpreter it still is one.
 */
function heredocs(text: string): string {
  const marks = [...text.matchAll(/<<-?\s*(["']?)([A-Za-z_][A-Za-z0-9_]*)\1/g)].map(
    (match) => match[2]!,
  );
  return marks.reduce(
    (rest, mark) => rest.replace(new RegExp(`^\\s*${mark}\\s*$`, 'm'), ''),
    text.replace(/<<-?\s*(["']?)[A-Za-z_][A-Za-z0-9_]*\1/g, ''),
  );
}

function checkSecrets(node: Instruction, tell: ReturnType<TellAt>): void {
  const text = node.getRawArgumentsContent() ?? '';
  const found =
    secretIn(text) ?? secretIn(text.replace(/\\[ \t]*\r?\n/g, '')) ?? secretIn(decoded(text));
  if (found !== null) tell('docker-secret', `The line holds ${found}.`);
  if (node instanceof Env || node instanceof Arg || node instanceof Label) {
    for (const property of node.getProperties()) {
      if (isSecretPair(property.getName(), property.getValue()))
        tell(
          'docker-secret',
          `${property.getName()} is given a value that stays readable in the image.`,
          property.getName(),
        );
    }
  } else if (node instanceof Run) {
    for (const { name, value } of shellPairs(shellText(node)))
      if (isSecretPair(name, value))
        tell('docker-secret', `${name} is given a value that stays readable in the image.`, name);
  } else if (node instanceof Copy || node instanceof Add) {
    const file = sources(node).find(isSecretFile);
    if (file !== undefined)
      tell('docker-secret', `${JSON.stringify(file)} is a place for secrets.`, file);
  }
}
