import { capacityBlocker, mayPass, wantedOf } from './capacity.ts';
import type { CapacityObserved, Blocker, PodRequests } from './capacity.ts';
import { firstPods } from '../rollouts/strategy.ts';
import type { Strategy } from '../../contract/rollout.ts';
import type { Step } from '../rollouts/strategy.ts';

/**
 * A deployment of the same environment that was asked for earlier and waits for room, as it said
 * last.
 */
export interface Waiting {
  /** model and version, for people */
  name: string;
  /** null: it does not wait */
  until: Date | null;
  paused: boolean;
  strategy: Strategy;
  steps: Step[] | null;
  replicas: number;
  requests: PodRequests;
  /** what serves of its model, which it comes beside */
  old: { revision: string; replicas: number; requests: PodRequests } | null;
}

/** What asks for capacity, and what there is of it. */
export interface CapacityRequest {
  readonly requests: PodRequests;
  readonly capacity: CapacityObserved;
  readonly namespace: string;
  readonly now: Date;
}

/**
 * First come, first served: what stands against a deployment when others wait before it. One whose
 * wait is over, that is paused, that could never fit, or that waits for GPUs of which this one
 * wants none, holds it up no longer. `waiting`: in the order in which they asked.
 */
export function queueBlocker(
  waiting: Waiting[],
  own: Blocker | null,
  asked: CapacityRequest,
): Blocker | null {
  if (own !== null && !mayPass(own)) return own;
  const ahead = waiting.filter(
    (one) =>
      one.until !== null &&
      asked.now < one.until &&
      !one.paused &&
      contends(one, asked) &&
      couldFit(one, asked),
  );
  const [first] = ahead;
  if (first === undefined) return own;
  const behind = ahead.length > 1 ? `${first.name} and ${ahead.length - 1} more` : first.name;
  return own
    ? { ...own, behind }
    : { reason: 'BehindOthers', message: 'Free capacity goes to earlier requests.', behind };
}

/** May it be that the one takes what the other waits for? */
function contends(one: Waiting, { requests, capacity }: CapacityRequest): boolean {
  if (requests.gpus > 0 || one.requests.gpus === 0) return true;
  return (
    capacityBlocker({ ...capacity, holders: [], nodes: null }, one.requests, startsWith(one)) !==
    null
  );
}

/**
 * In a cluster with nothing but what serves of its own model, it could begin; and without that, be
 * there in full.
 */
function couldFit(one: Waiting, { capacity, namespace }: CapacityRequest): boolean {
  const empty = {
    ...capacity,
    holders: [],
    quotas: capacity.quotas.map((quota) => ({ ...quota, used: {} })),
  };
  if (capacityBlocker(empty, one.requests, one.replicas) !== null) return false;
  const { old } = one;
  if (old === null || one.strategy === 'recreate') return true;
  const used = Object.fromEntries(
    Object.entries(wantedOf(old.requests, old.replicas)).map(([resource, amount]) => [
      resource,
      String(amount),
    ]),
  );
  const beside = {
    ...empty,
    quotas: empty.quotas.map((quota) => ({ ...quota, used })),
    holders: capacity.holders.filter(
      (holder) => holder.namespace === namespace && holder.pod.startsWith(`${old.revision}-`),
    ),
  };
  return capacityBlocker(beside, one.requests, startsWith(one)) === null;
}

const startsWith = ({ strategy, steps, replicas, old }: Waiting): number =>
  firstPods({ strategy, steps, replicas, alone: old === null });
