import { podsOf, type Step } from './strategy.ts';
import type { DesiredState } from './types.ts';

/**
 * What the steps that were taken have brought about: what must be there, whoever changed it since.
 */
export interface Due {
  /** percent of the traffic that the new version has */
  weight: number;
  /** pods of the new version */
  pods: number;
  /** pods of what serves */
  stablePods: number;
}

export function dueAt(steps: Step[], index: number, wanted: DesiredState): Due {
  const taken = steps.slice(0, index);
  const shrunk = taken.findLast((step) => step.kind === 'shrink');
  const size = wanted.stable?.replicas ?? 0;
  return {
    weight: taken.findLast((step) => step.kind === 'weight')?.percent ?? 0,
    pods: Math.max(
      0,
      ...taken.map((step) => (step.kind === 'scale' ? podsOf(step, wanted.replicas) : 0)),
    ),
    stablePods: shrunk ? Math.min(shrunk.pods, size) : size,
  };
}
