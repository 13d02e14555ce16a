import { Add, Arg, Copy, DockerfileParser, Env, Run, type Instruction } from 'dockerfile-ast';
import { Rejected, type Report } from '../report.ts';
import { RULES } from '../rules.ts';
import type { ByteSource } from '../source.ts';
import type { Limits, ScanResult } from '../types.ts';
import { fixOf } from './fixes.ts';
import { checkDigest, checkHabits, checkRegistry } from './habit-rules.ts';
import { checkCopy, checkRunFlags, whyRoot, whyUnpinned } from './image-rules.ts';
import { shellText } from './instruction-text.ts';
import { checkLoaders } from './loader-rules.ts';
import { checkPackages } from './package-rules.ts';
import { checkSecrets, shellPairs } from './secret-rules.ts';
import { readServing } from './serving.ts';
import { checkSettings } from './settings-rules.ts';
import { checkShell, type Tell } from './shell-rules.ts';
import { readStages, type Stage, type Step } from './stages.ts';
import { checkDirectives, checkInstructions, checkOwnShell } from './structure-rules.ts';
import { readings } from './variables.ts';

/** What the build will be given, and what the operators allow it. */
export interface BuildConditions {
  readonly buildArgs: Record<string, string>;
  readonly registries: readonly string[] | undefined;
  readonly limits: Limits;
}

/** Known to have a value in every build, though nobody knows it here. */
const PLATFORM_ARGS = {
  REGISTRY: 'registry',
  TARGETPLATFORM: 'linux/amd64',
  TARGETOS: 'linux',
  TARGETARCH: 'amd64',
  BUILDPLATFORM: 'linux/amd64',
};
/** characters of one instruction */
const STEP_MAX = 64 * 1024;
const SHELL_KEYWORDS = new Set(['RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK']);
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/;

/** Checks a Dockerfile and answers what it says about serving. Lines and columns begin at 1. */
export function scanDockerfile(
  source: ByteSource,
  file: string,
  report: Report,
  { buildArgs, registries, limits }: BuildConditions,
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
  checkDirectives(dockerfile, text, file, report);
  checkInstructions(dockerfile, tellAt);
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

function checkStage(stage: Stage, stages: Stage[], downloads: Set<string>, tellAt: TellAt): void {
  const earlier = stages.slice(0, stages.indexOf(stage));
  const why = stage.parent === null ? whyUnpinned(stage.base) : null;
  if (why !== null) tellAt(stage.from)('docker-unpinned-image', why);
  for (const step of stage.instructions) {
    const { node } = step;
    checkStep(step, earlier, downloads, tellAt(node));
    if (node instanceof Run) checkLoaders(stage, ` ${shellText(node)}`, tellAt(node));
  }
}

function checkStep(step: Step, earlier: Stage[], downloads: Set<string>, tell: Tell): void {
  const { node, variables } = step;
  if (node instanceof Run) checkRunFlags(node, earlier, variables, tell);
  if (node instanceof Add || node instanceof Copy) checkCopy(node, earlier, variables, tell);
  checkHabits(node, variables, tell);
  if ((node.getRawArgumentsContent() ?? '').length > STEP_MAX)
    return tell(
      'docker-syntax',
      `A step has more than ${STEP_MAX} characters; COPY a script instead.`,
    );
  checkCommands(step, downloads, tell);
  if (node.getKeyword() === 'SHELL') checkOwnShell(node, tell);
  checkSettings(settingsOf(node), tell);
}

/** What a step runs, now or later. */
function checkCommands({ node, variables }: Step, downloads: Set<string>, tell: Tell): void {
  const keyword = node.getKeyword();
  if (SHELL_KEYWORDS.has(keyword))
    for (const text of readings(shellText(node), variables)) {
      checkShell(text, downloads, tell);
      checkPackages(text, tell);
    }
  // a script that is written here may be run by a later step
  if (node instanceof Copy && /<<-?\s*["']?[A-Za-z_]/.test(node.getRawArgumentsContent() ?? '')) {
    checkShell(shellText(node), new Set(), tell);
    checkPackages(shellText(node), tell);
  }
  if (keyword === 'ONBUILD')
    checkShell(shellText(node).replace(/^\s*RUN\s+/i, ''), downloads, tell);
}

/** The NAME=VALUE pairs that an instruction sets for itself or for those behind it. */
function settingsOf(node: Instruction): { name: string; value: string }[] {
  if (node instanceof Env || node instanceof Arg)
    return node
      .getProperties()
      .map((property) => ({ name: property.getName(), value: property.getValue() ?? '' }));
  return node.getKeyword() === 'RUN' ? shellPairs(shellText(node)) : [];
}
