import { readData } from '../../data/read.ts';
import { Rejected, type Report } from '../../report.ts';

interface OperatorFile {
  allowed: string[];
  review: string[];
  /** what such operators do → their names */
  refused: Record<string, string[]>;
}
type Standing =
  { verdict: 'allowed' } | { verdict: 'review' } | { verdict: 'refused'; why: string };

const USES_MAX = 100_000;
const UNKNOWN =
  'The operator is not one of TensorFlow’s that only compute, and the model does not define it.';
let loaded: Map<string, Standing> | undefined;

function standings(): Map<string, Standing> {
  if (loaded === undefined) {
    const { allowed, review, refused } = readData<OperatorFile>('tensorflow-ops.json');
    loaded = new Map();
    for (const name of allowed) loaded.set(name, { verdict: 'allowed' });
    for (const name of review) loaded.set(name, { verdict: 'review' });
    for (const [what, names] of Object.entries(refused))
      for (const name of names)
        loaded.set(name, { verdict: 'refused', why: `The operator ${what}.` });
  }
  return loaded;
}

/**
 * Operators on the list compute only; nodes of other kinds are remembered, since they may be calls
 * of functions.
 */
export const isListed = (operator: string): boolean =>
  standings().get(operator)?.verdict === 'allowed';

/**
 * Gathers which operators and functions a model calls; judges them when its whole library is known.
 */
export class Operators {
  private readonly uses = new Map<string, number>();

  call(name: string, at: number): void {
    if (!this.uses.has(name)) this.uses.set(name, at);
    if (this.uses.size > USES_MAX)
      throw new Rejected(
        'limit-exceeded',
        `The model calls more than ${USES_MAX} different operators and functions.`,
        at,
      );
  }

  judge(functions: ReadonlyMap<string, unknown>, file: string, report: Report): void {
    for (const [symbol, offset] of this.uses) {
      const standing = standings().get(symbol);
      // a function with the name of an operator that is refused hides one of the two, whichever the
      // loader takes
      if (standing?.verdict === 'refused')
        report.add('tensorflow-operator', { file, offset, symbol, why: standing.why });
      else if (standing?.verdict === 'allowed' || functions.has(symbol)) continue;
      else if (standing?.verdict === 'review')
        report.add('tensorflow-operator-review', { file, offset, symbol });
      else report.add('tensorflow-operator', { file, offset, symbol, why: UNKNOWN });
    }
  }
}
