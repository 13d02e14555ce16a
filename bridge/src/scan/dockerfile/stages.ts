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
  instructions: { node: Instruction; variables: Variables }[];
}

/** The stages in order. `buildArgs` are given to the build and stand above defaults. */
export function readStages(dockerfile: Dockerfile, buildArgs: Record<string, string>): Stage[] {
  const stages: Stage[] = [];
  const global: Variables = new Map();
  let variables: Variables = new Map();
  for (const node of dockerfile.getInstructions()) {
    const keyword = node.getKeyword();
    if (keyword === 'FROM') {
      const from = node as From;
      const image = from.getImage();
      const base = image === null ? null : expand(image, global);
      const parent =
        base === null
          ? null
          : (stages.find((stage) => stage.name !== null && stage.name === base.toLowerCase()) ??
            null);
      stages.push({
        from,
        name: from.getBuildStage()?.toLowerCase() ?? null,
        base,
        parent,
        instructions: [],
      });
      variables = new Map(parent?.instructions.at(-1)?.variables ?? []);
      continue;
    }
    const stage = stages.at(-1);
    if (node instanceof Arg)
      declare(
        node,
        stage === undefined ? global : variables,
        stage === undefined ? null : global,
        buildArgs,
      );
    if (stage === undefined) continue;
    if (node instanceof Env) {
      variables = new Map(variables);
      for (const property of node.getProperties())
        variables.set(property.getName(), expand(property.getValue() ?? '', variables));
    } else if (node instanceof Arg) {
      variables = new Map(variables);
    }
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
