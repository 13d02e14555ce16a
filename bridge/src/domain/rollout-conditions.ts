import type { Condition } from '../contract/version.ts';
import { explainRevision } from './pod-failure.ts';
import { isReady, shareOf } from './revision.ts';
import type { Decision, Observed, Wanted } from './rollout.ts';

type Untimed = Omit<Condition, 'lastTransitionTime'>;
type State = [status: Condition['status'], reason: string, message: string];

/** What was seen, as Kubernetes-style conditions: capacity, pods, smoke test, traffic, and the sum of them. */
export function conditionsOf(wanted: Wanted, observed: Observed, phase: Decision['phase'], reason: string, now: Date): Untimed[] {
  const condition = (type: string, [status, word, message]: State): Untimed => ({ type, status, reason: word, message, observedGeneration: wanted.generation });
  return [
    condition('CapacityAvailable', capacity(observed)),
    condition('PodsReady', pods(wanted, observed, now)),
    condition('SmokeTestPassed', smoke(wanted, observed)),
    condition('TrafficSwitched', traffic(wanted, observed)),
    condition('Ready', phase === 'Ready' ? ['True', 'Serving', reason] : phase === 'Failed' ? failed(reason) : ['False', phase ?? 'Unchanged', reason]),
  ];
}

function capacity(observed: Observed): State {
  if (observed.obstacle) return ['False', observed.obstacle.reason, observed.obstacle.message];
  return ['True', 'Enough', 'Image, GPUs and quota are there.'];
}

function pods(wanted: Wanted, observed: Observed, now: Date): State {
  const revision = observed.revision;
  if (revision === null) return ['False', 'NotStarted', 'No pod has been started.'];
  const count = `${revision.readyReplicas} of ${revision.wantedReplicas} pods ready.`;
  if (isReady(revision, wanted.image, revision.wantedReplicas)) return ['True', 'AllReady', count];
  const failure = explainRevision(revision, now);
  return ['False', failure?.reason ?? 'Starting', failure ? `${count} ${failure.message}` : count];
}

function smoke(wanted: Wanted, observed: Observed): State {
  const result = observed.smoke.public ?? observed.smoke.preview;
  if (result) return [result.ok ? 'True' : 'False', result.ok ? 'Answered' : 'SmokeTestFailed', result.message];
  if (wanted.established || shareOf(observed.publicRoute, wanted.revision) > 0) return ['True', 'Answered', 'It answered when it was switched on.'];
  return ['Unknown', 'NotTried', 'No request has been made yet.'];
}

function traffic(wanted: Wanted, observed: Observed): State {
  const percent = Math.round(shareOf(observed.publicRoute, wanted.revision) * 100);
  return [percent === 100 ? 'True' : 'False', percent === 0 ? 'None' : percent === 100 ? 'All' : 'Part', `${percent} % of traffic.`];
}

function failed(reason: string): State {
  const word = /^([A-Za-z]+): /.exec(reason)?.[1];
  return ['False', word ?? 'Failed', word ? reason.slice(word.length + 2) : reason];
}
