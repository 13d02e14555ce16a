import { mayPass } from '../capacity/capacity.ts';
import { explainRevision } from './pod-failure.ts';
import { progressOf } from './restore-stable.ts';
import { shareOf } from './revision.ts';
import { act, enter, fail, leave, type Situation } from './situation.ts';
import { podsOf, type Step } from './strategy.ts';
import { CAPACITY_MS, RELEASE_MS, WAIT_MS } from './timing.ts';
import type { Move, RolloutStatus } from './types.ts';

/** Starts pods of the new version, once there is capacity for them. */
export function scale(situation: Situation, step: Extract<Step, { kind: 'scale' }>): Move {
  const { wanted, observed, steps, share } = situation;
  const { revision } = observed;
  const target = podsOf(step, wanted.replicas);
  if (revision === null || revision.image !== wanted.image || revision.wantedReplicas < target)
    return (
      (situation.stopsStableFirst ? waitForRelease(situation) : null) ??
      waitForCapacity(situation) ??
      act(situation, {
        action: { kind: 'apply', replicas: target },
        reason: `Starting ${target} of ${wanted.replicas} pods.`,
        againInMs: 0,
        waiting: { waitingFor: 'pods' },
      })
    );
  // while the pods start: the gateway knows the way by the time that they are ready
  const previewed = steps.some(({ kind }) => kind === 'preview');
  if (previewed && share === 0 && !isPreviewOpen(situation))
    return openPreview(situation, { waitingFor: 'pods' });
  return act(situation, {
    reason: startingReason(situation, target),
    againInMs: WAIT_MS,
    waiting: { waitingFor: 'pods' },
  });
}

export function startingReason({ observed, now }: Situation, target: number): string {
  const failure = observed.revision && explainRevision(observed.revision, now);
  return failure ? `${failure.reason}: ${failure.message}` : progressOf(observed, target);
}

/**
 * What blocks its pods: waited for as long as the environment says, if others may release it.
 * Null: nothing does.
 */
export function waitForCapacity(situation: Situation): Move | null {
  const { blocker } = situation.observed;
  const { queueUntil } = situation.wanted;
  if (blocker === null || blocker.fitsAfterRecreate) return null;
  const behind = blocker.behind ? ` behind ${blocker.behind}` : '';
  if (!mayPass(blocker) || queueUntil === null || situation.now >= queueUntil)
    return fail(situation, blocker.reason, `${blocker.message}${behind && ` Waited${behind}.`}`);
  return act(situation, {
    reason: `Waiting for capacity${behind}: ${blocker.message}`,
    againInMs: CAPACITY_MS,
    waiting: { waitingFor: 'room', until: queueUntil },
  });
}

/**
 * Nobody answers meanwhile, so what the stopped pods held is waited for a short time only, which is
 * recorded.
 */
function waitForRelease(situation: Situation): Move | null {
  const { wanted, observed, index, now } = situation;
  const { blocker, revision } = observed;
  if (blocker === null || !mayPass(blocker)) return null;
  const waiting = { waitingFor: 'pods' } as const;
  if (revision === null || revision.image !== wanted.image) return createEmpty(situation);
  const reason = `Waiting for the previous pods to release resources: ${blocker.message}`;
  if (wanted.progress === null || wanted.progress.step < index)
    return act(situation, {
      action: enter(situation, index),
      reason,
      againInMs: 0,
      waiting: { ...waiting, since: now },
    });
  const until = new Date(wanted.progress.since.getTime() + RELEASE_MS);
  if (now >= until) return fail(situation, blocker.reason, blocker.message);
  return act(situation, { reason, againInMs: WAIT_MS, waiting: { ...waiting, until } });
}

/** The cluster takes the objects of the new version, still without a pod. */
export const createEmpty = (situation: Situation): Move =>
  act(situation, {
    action: { kind: 'apply', replicas: 0 },
    reason: 'Creating the revision with zero pods.',
    againInMs: 0,
    waiting: { waitingFor: 'pods' },
  });

/** Tests the new version on its preview route, before it gets any traffic. */
export function preview(situation: Situation): Move {
  const { observed } = situation;
  if (!isPreviewOpen(situation)) return openPreview(situation);
  if (observed.smoke.preview === null)
    return act(situation, {
      action: { kind: 'smoke', through: 'preview' },
      reason: 'Smoke-testing the new version on its preview route.',
      againInMs: 0,
    });
  if (!observed.smoke.preview.ok)
    return fail(situation, 'SmokeTestFailed', observed.smoke.preview.message);
  // recorded only after the test was passed, so that no other bridge takes the traffic for a test
  return leave(situation, 'The new version passed its smoke test.');
}

function isPreviewOpen({ wanted, observed: { previewRoute } }: Situation): boolean {
  return shareOf(previewRoute, wanted.revision) === 1 && !previewRoute?.edited;
}

const openPreview = (situation: Situation, waiting?: Partial<RolloutStatus>): Move =>
  act(situation, {
    action: { kind: 'apply-preview' },
    reason: 'Creating the preview route.',
    againInMs: 0,
    waiting,
  });
