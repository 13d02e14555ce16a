import { isReady } from './revision.ts';
import type { RevisionObserved, RouteObserved } from './revision.ts';
import { tookDown } from './restore-stable.ts';
import type { Act, Action, Move, Observed, Wanted } from './types.ts';
import type { Step } from './strategy.ts';

const STEP_MS = 150;
const WAIT_MS = 500;

/** Does this list give up what serves before anything of the new version is ready? */
export const givesUp = (steps: Step[]): boolean =>
  steps.some((step) => step.kind === 'shrink' && step.pods === 0);

/**
 * The pods that served are gone; or they need not go, since those of the new version are all there.
 */
export function isGivenUp({ previous, revision }: Observed, { image, replicas }: Wanted): boolean {
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
export function rollbackKind(wanted: Wanted, observed: Observed): 'beside' | 'instead' | null {
  if (!wanted.rollback) return null;
  return observed.obstacle?.curable === true ||
    (observed.previous?.wantedReplicas === 0 && tookDown(wanted, observed))
    ? 'instead'
    : 'beside';
}

/**
 * Giving up what serves, in the order in which nothing is lost: what speaks against the new version
 * was asked by the caller; the cluster takes its objects, still without a pod; the route remembers
 * what served and at which size; then the pods go, and are waited for, since until they are gone
 * what they hold is not free.
 */
export function giveUp(observed: Observed, wanted: Wanted, act: Act): Move {
  const { previous, revision, publicRoute } = observed;
  if (previous === null) throw new Error('nothing serves that could be given up');
  if (previous.wantedReplicas === 0) {
    return act(
      { kind: 'none' },
      `Waiting until ${previous.pods.length === 1 ? 'the last pod' : `${previous.pods.length} pods`} of the version before ${previous.pods.length === 1 ? 'is' : 'are'} gone.`,
      WAIT_MS,
      { waitingFor: 'pods' },
    );
  }
  if (revision === null || revision.image !== wanted.image)
    return act({ kind: 'apply', replicas: 0 }, 'Creating the revision with zero pods.', 0, {
      waitingFor: 'pods',
    });
  // a route that was deleted after the switch remembers nothing: Odoo's record does
  if (publicRoute && !isRemembered(publicRoute, previous, wanted.deploymentId)) {
    return act(
      { kind: 'route', backends: publicRoute.backends, before: remembered(observed) },
      'Writing down what serves, and its size.',
      0,
    );
  }
  return act(
    { kind: 'scale-previous', revision: previous.name, replicas: 0 },
    'The version before stops first: the endpoint does not answer until the new version is ready.',
    STEP_MS,
    { waitingFor: 'pods' },
  );
}

/** Whether this deployment wrote down what serves, at its size or a larger one. */
function isRemembered(
  route: RouteObserved,
  { name, wantedReplicas }: RevisionObserved,
  deploymentId: number,
): boolean {
  const known =
    route.changedBy === deploymentId
      ? route.before?.find((backend) => backend.revision === name)
      : undefined;
  return known !== undefined && known.replicas >= wantedReplicas;
}

/**
 * What serves now, each at its size; one from which another rollout has taken pods at the size that
 * it had before.
 */
export function remembered({
  publicRoute,
  previous,
}: Observed): Extract<Action, { kind: 'route' }>['before'] {
  return (publicRoute?.backends ?? []).map((backend) => {
    const size = backend.revision === previous?.name ? previous.wantedReplicas : 1;
    const before =
      publicRoute?.before?.find(({ revision }) => revision === backend.revision)?.replicas ?? 0;
    return { ...backend, replicas: Math.max(size, before) };
  });
}
