import { remembered } from './recreate.ts';
import type { RevisionObserved, RouteObserved } from './revision.ts';
import { createEmpty, waitForCapacity } from './scale-step.ts';
import { act, type Situation } from './situation.ts';
import { describe, type Step } from './strategy.ts';
import { STEP_MS, WAIT_MS } from './timing.ts';
import type { Move } from './types.ts';

/** Takes pods from the stable version; with `pods: 0` all of them, before the new ones start. */
export function scaleDown(situation: Situation, step: Extract<Step, { kind: 'shrink' }>): Move {
  const { previous } = situation.observed;
  if (step.pods > 0)
    return act(situation, {
      action: { kind: 'scale-previous', revision: previous?.name ?? '', replicas: step.pods },
      reason: describe(step, situation.wanted.replicas),
      againInMs: STEP_MS,
    });
  const blocked = previous?.wantedReplicas === 0 ? null : waitForCapacity(situation);
  return blocked ?? stopStable(situation);
}

/**
 * Stops what serves in the order in which nothing is lost: what blocks the new version was asked
 * before; the cluster takes its objects, still without a pod; the route remembers what served and
 * at which size; then the pods go, and are waited for, since until then what they hold is not free.
 */
function stopStable(situation: Situation): Move {
  const { wanted, observed } = situation;
  const { revision, publicRoute } = observed;
  const previous = observed.previous!; // without it the step is done
  const waiting = { waitingFor: 'pods' } as const;
  if (previous.wantedReplicas === 0) {
    const count = previous.pods.length;
    const what = count === 1 ? 'the last pod' : `${count} pods`;
    const reason = `Waiting until ${what} of the stable version ${count === 1 ? 'is' : 'are'} removed.`;
    return act(situation, { reason, againInMs: WAIT_MS, waiting });
  }
  if (revision === null || revision.image !== wanted.image) return createEmpty(situation);
  // a route that was deleted after the switch remembers nothing: Odoo's record does
  if (publicRoute !== null && !isRemembered(publicRoute, previous, wanted.deploymentId))
    return act(situation, {
      action: { kind: 'route', backends: publicRoute.backends, before: remembered(observed) },
      reason: 'Recording the stable version and its size.',
      againInMs: 0,
    });
  return act(situation, {
    action: { kind: 'scale-previous', revision: previous.name, replicas: 0 },
    reason: 'Stop the stable version: the endpoint is down until the new version is ready.',
    againInMs: STEP_MS,
    waiting,
  });
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
