import type { PropertyInstruction } from 'dockerfile-ast';
import { Label, type Instruction } from 'dockerfile-ast';
import { isServingPath } from '../../contract/serving.ts';
import type { ScanResult } from '../types.ts';
import type { Stage, Step } from './stages.ts';
import { expand } from './variables.ts';

interface LabelProblem {
  node: Instruction;
  symbol: string;
  why: string;
}

interface Serving {
  readonly serving: ScanResult['serving'];
  readonly problems: LabelProblem[];
}

const PORT = /^([1-9][0-9]{0,4})(\/tcp)?$/;

/**
 * What the last stage (and the stages it starts from) says about serving. A label stands above
 * EXPOSE.
 */
export function readServing(stage: Stage): Serving {
  const chain: Stage[] = [];
  for (let current: Stage | null = stage; current !== null; current = current.parent)
    chain.unshift(current);
  const steps = chain.flatMap(({ instructions }) => instructions);
  const { serving, problems } = readLabels(steps);
  const exposed = exposedPort(steps);
  if (serving.port === undefined && exposed !== undefined) serving.port = exposed;
  return { serving, problems };
}

function exposedPort(steps: readonly Step[]): number | undefined {
  for (const { node, variables } of steps) {
    if (node.getKeyword() !== 'EXPOSE') continue;
    for (const argument of node.getArguments()) {
      const exposed = port(expand(argument.getValue(), variables));
      if (exposed !== null) return exposed;
    }
  }
  return undefined;
}

/** The last of several labels counts. */
function readLabels(steps: readonly Step[]): Serving {
  const serving: ScanResult['serving'] = {};
  const problems: LabelProblem[] = [];
  for (const { node, variables } of steps) {
    if (!(node instanceof Label)) continue;
    for (const property of (node as PropertyInstruction).getProperties()) {
      const symbol = property.getName();
      const value = expand(property.getValue() ?? '', variables);
      const why = takeLabel(serving, symbol, value);
      if (why !== null) problems.push({ node, symbol, why });
    }
  }
  return { serving, problems };
}

/** Why the value of a label will not do, or null. */
function takeLabel(
  serving: ScanResult['serving'],
  name: string,
  value: string | null,
): string | null {
  if (name === 'creativeflow.port') {
    const number = port(value);
    if (number === null)
      return `The port ${JSON.stringify(value)} is not a number from 1 to 65535.`;
    serving.port = number;
  }
  if (name === 'creativeflow.readiness-path') {
    if (!isServingPath(value))
      return `The readiness path ${JSON.stringify(value)} does not begin with "/" or has characters that a path cannot have.`;
    serving.readinessPath = value;
  }
  return null;
}

function port(text: string | null): number | null {
  const number = Number(PORT.exec(text ?? '')?.[1] ?? 0);
  return number >= 1 && number <= 65535 ? number : null;
}
