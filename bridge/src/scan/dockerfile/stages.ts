import { Arg, Env, type Dockerfile, type From, type Instruction } from 'dockerfile-ast';
import { Rejected } from '../report.ts';
import { expand, type Variables } from './variables.ts';

const STEPS_MAX = 2000;
const VARIABLES_MAX = 1000;

/** One FROM and what follows it. */
export interface Stage {
  from: From;
  /** lower case, as references to it are compared */
  name: string | null;
  /**
   * the image or stage that it starts from, with variables replaced; null when a value is not known
   */
  base: string | null;
  /** an earlier stage that it starts from */
  parent: Stage | null;
  instructions: Step[];
}

/** An instruction with what is known at it. */
export interface Step {
  readonly node: Instruction;
  readonly variables: Variables;
}

/** The stages in order. `buildArgs` are given to the build and stand above defaults. */
export function readStages(dockerfile: Dockerfile, buildArgs: Record<string, string>): Stage[] {
  const stages: Stage[] = [];
  const global: Variables = new Map();
  let variables: Variables = new Map();
  for (const node of dockerfile.getInstructions()) {
    if (node.getKeyword() === 'FROM') {
      const opened = openStage(node as From, stages, global);
      stages.push(opened);
      variables = new Map(opened.parent?.instructions.at(-1)?.variables ?? []);
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) {
      if (node instanceof Arg) declare(node, global, null, buildArgs);
      continue;
    }
    if (node instanceof Arg) declare(node, variables, global, buildArgs);
    variables = knownAfter(node, variables);
    // each instruction keeps what was known there
    if (variables.size > VARIABLES_MAX || stage.instructions.length > STEPS_MAX)
      throw new Rejected(
        'limit-exceeded',
        `A stage has more than ${STEPS_MAX} steps or ${VARIABLES_MAX} variables.`,
      );
    stage.instructions.push({ node, variables });
  }
  return stages;
}

/** What is known from an instruction on, in a map of its own where that can be more than before. */
function knownAfter(node: Instruction, before: Variables): Variables {
  if (!(node instanceof Env || node instanceof Arg)) return before;
  const variables = new Map(before);
  if (node instanceof Env)
    for (const property of node.getProperties())
      variables.set(property.getName(), expand(property.getValue() ?? '', variables));
  return variables;
}

function openStage(from: From, stages: readonly Stage[], global: Variables): Stage {
  const image = from.getImage();
  const base = image === null ? null : expand(image, global);
  const parent = stages.find((stage) => stage.name !== null && stage.name === base?.toLowerCase());
  return {
    from,
    name: from.getBuildStage()?.toLowerCase() ?? null,
    base,
    parent: parent ?? null,
    instructions: [],
  };
}

function declare(
  node: Arg,
  variables: Variables,
  global: Variables | null,
  buildArgs: Record<string, string>,
): void {
  for (const property of node.getProperties()) {
    const name = property.getName();
    const written = property.getValue();
    const value =
      buildArgs[name] ??
      (written === null ? (global?.get(name) ?? null) : expand(written, variables));
    variables.set(name, value);
  }
}
