import type { Condition } from '../../contract/version.ts';
import { explainRevision } from './pod-failure.ts';
import { isReady, shareOf } from './revision.ts';
import { deletingReason } from './drift.ts';
import { stepsOf } from './strategy.ts';
import type { Decision, DesiredState, Failure, Observed } from './types.ts';

type Untimed = Omit<Condition, 'lastTransitionTime'>;
type State = [status: Condition['status'], reason: string, message: string];

/**
 * What was seen, as Kubernetes-style conditions: capacity, pods, smoke test, traffic, and the sum
 * of them.
 */
export function conditionsOf(
  wanted: DesiredState,
  observed: Observed,
  said: Pick<Decision, 'phase' | 'reason' | 'code'> & { failure: Failure | undefined },
  now: Date,
): Untimed[] {
  const { phase, reason, code, failure } = said;
  const condition = (type: string, [status, word, message]: State): Untimed => ({
    type,
    status,
    reason: word,
    message,
    observedGeneration: wanted.generation,
  });
  return [
    condition('CapacityAvailable', capacity(observed, now)),
    condition('PodsReady', pods(wanted, observed, now)),
    condition('SmokeTestPassed', smoke(wanted, observed)),
    condition('TrafficSwitched', traffic(wanted, observed)),
    condition(
      'Ready',
      phase === 'Ready'
        ? ['True', 'Serving', reason]
        : failure
          ? ['False', failure.code, failure.message]
          : ['False', code ?? phase ?? 'Unchanged', reason],
    ),
  ];
}

const CAPACITY_REASONS = new Set(['QuotaExceeded', 'Unschedulable']);

function capacity(observed: Observed, now: Date): State {
  if (observed.blocker) return ['False', observed.blocker.reason, observed.blocker.message];
  // somebody may have taken the room since it was looked for
  const failure = observed.revision && explainRevision(observed.revision, now);
  if (failure && CAPACITY_REASONS.has(failure.reason))
    return ['False', failure.reason, failure.message];
  return ['True', 'Enough', 'The image, GPUs and quota are available.'];
}

function pods(wanted: DesiredState, observed: Observed, now: Date): State {
  const revision = observed.revision;
  if (revision === null)
    return [
      'False',
      'NotStarted',
      wanted.progress || wanted.established
        ? 'The revision does not exist.'
        : 'No pod has been started.',
    ];
  if (revision.deleting) return ['False', 'Deleting', deletingReason(revision.deleting)];
  const count = `${revision.readyReplicas} of ${revision.wantedReplicas} pods ready.`;
  if (isReady(revision, wanted.image, revision.wantedReplicas)) return ['True', 'AllReady', count];
  const failure = explainRevision(revision, now);
  return ['False', failure?.reason ?? 'Starting', failure ? `${count} ${failure.message}` : count];
}

function smoke(wanted: DesiredState, observed: Observed): State {
  const result = observed.smoke.public ?? observed.smoke.preview;
  if (result)
    return [
      result.ok ? 'True' : 'False',
      result.ok ? 'Answered' : 'SmokeTestFailed',
      result.message,
    ];
  if (wanted.established || wasAsked(wanted))
    return ['True', 'Answered', 'It answered its smoke test.'];
  return ['Unknown', 'NotTried', 'The smoke test has not run yet.'];
}

/** By the record: traffic that somebody else gave it tells nothing. */
function wasAsked(wanted: DesiredState): boolean {
  const { progress, rollback } = wanted;
  const list = stepsOf(wanted, rollback ? 'beside' : null);
  const at = list.findIndex(({ kind }) => kind === 'preview');
  return at >= 0 && (progress?.step ?? 0) > at;
}

function traffic(wanted: DesiredState, observed: Observed): State {
  const percent = Math.round(shareOf(observed.publicRoute, wanted.revision) * 100);
  if (observed.publicRoute === null && (wanted.stable !== null || wanted.established))
    return ['False', 'RouteMissing', '0 % of traffic: the route is not there.'];
  return [
    percent === 100 ? 'True' : 'False',
    percent === 0 ? 'None' : percent === 100 ? 'All' : 'Part',
    `${percent} % of traffic.`,
  ];
}
