import type { PropertyInstruction } from 'dockerfile-ast';
import { Label, type Instruction } from 'dockerfile-ast';
import { isServingPath } from '../../contract/serving.ts';
import type { ScanResult } from '../types.ts';
import type { Stage } from './stages.ts';
import { expand } from './variables.ts';

export interface LabelProblem {
  node: Instruction;
  symbol: string;
  why: string;
}

const PORT = /^([1-9][0-9]{0,4})(\/tcp)?$/;

/**
 * What the last stage (and the stages it starts from) says about serving. A label stands above
 * EXPOSE.
 */
export function readServing(stage: Stage): {
  serving: ScanResult['serving'];
  problems: LabelProblem[];
} {
  const chain: Stage[] = [];
  for (let current: Stage | null = stage; current !== null; current = current.parent)
    chain.unshift(current);
  const serving: ScanResult['serving'] = {};
  const problems: LabelProblem[] = [];
  let exposed: number | undefined;
  let labelled: number | undefined;
  for (const { node, variables } of chain.flatMap(({ instructions }) => instructions)) {
    if (node.getKeyword() === 'EXPOSE') {
      for (const argument of node.getArguments())
        exposed ??= port(expand(argument.getValue(), variables)) ?? undefined;
    }
    if (!(node instanceof Label)) continue;
    for (const property of (node as PropertyInstruction).getProperties()) {
      const value = expand(property.getValue() ?? '', variables);
      if (property.getName() === 'creativeflow.port') {
        const number = port(value);
        if (number === null)
          problems.push({
            node,
            symbol: 'creativeflow.port',
            why: `The port ${JSON.stringify(value)} is not a number from 1 to 65535.`,
          });
        else labelled = number;
      }
      if (property.getName() === 'creativeflow.readiness-path') {
        if (isServingPath(value)) serving.readinessPath = value;
        else
          problems.push({
            node,
            symbol: 'creativeflow.readiness-path',
            why: `The readiness path ${JSON.stringify(value)} does not begin with "/" or has characters that a path cannot have.`,
          });
      }
    }
  }
  const chosen = labelled ?? exposed;
  if (chosen !== undefined) serving.port = chosen;
  return { serving, problems };
}

function port(text: string | null): number | null {
  const number = Number(PORT.exec(text ?? '')?.[1] ?? 0);
  return number >= 1 && number <= 65535 ? number : null;
}
