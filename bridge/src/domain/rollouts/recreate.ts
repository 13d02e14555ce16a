import { isReady } from './revision.ts';
import { tookDown } from './restore-stable.ts';
import type { ActionOf, DesiredState, Observed } from './types.ts';
import type { Step } from './strategy.ts';

/** Does this list give up what serves before anything of the new version is ready? */
export const stopsStableFirst = (steps: Step[]): boolean =>
  steps.some((step) => step.kind === 'shrink' && step.pods === 0);

/**
 * The pods that served are gone; or they need not go, since those of the new version are all there.
 */
export function isScaledDown(
  { previous, revision }: Observed,
  { image, replicas }: DesiredState,
): boolean {
  return (
    previous === null ||
    (previous.wantedReplicas === 0 && previous.pods.length === 0) ||
    isReady(revision, image, replicas)
  );
}

/**
 * A rollback comes instead of what serves only where it does not fit beside it. Begun so, it goes
 * on so.
 */
export function rollbackKind(
  wanted: DesiredState,
  observed: Observed,
): 'beside' | 'instead' | null {
  if (!wanted.rollback) return null;
  return observed.blocker?.fitsAfterRecreate === true ||
    (observed.previous?.wantedReplicas === 0 && tookDown(wanted, observed))
    ? 'instead'
    : 'beside';
}

/**
 * What serves now, each at its size; one from which another rollout has taken pods at the size that
 * it had before.
 */
export function remembered({ publicRoute, previous }: Observed): ActionOf<'route'>['before'] {
  return (publicRoute?.backends ?? []).map((backend) => {
    const size = backend.revision === previous?.name ? previous.wantedReplicas : 1;
    const before =
      publicRoute?.before?.find(({ revision }) => revision === backend.revision)?.replicas ?? 0;
    return { ...backend, replicas: Math.max(size, before) };
  });
}
