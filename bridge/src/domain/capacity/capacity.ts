import { quantity } from './quantity.ts';
import { firstPods, type RolloutPlan } from '../rollouts/strategy.ts';
import type { Strategy } from '../../contract/rollout.ts';
import type { Step } from '../rollouts/strategy.ts';

/** What one pod asks for, as Kubernetes quantities. */
export interface PodRequests {
  cpu: string;
  memory: string;
  cpuLimit: string;
  memoryLimit: string;
  gpus: number;
}
interface NodeObserved {
  name: string;
  gpus: number;
  schedulable: boolean;
}
/**
 * A pod that holds GPUs of a node. One that is ending gives them back soon and does not count as an
 * blocker.
 */
export interface GpuHolder {
  node: string;
  namespace: string;
  pod: string;
  gpus: number;
  terminating: boolean;
}
interface QuotaObserved {
  name: string;
  hard: Record<string, string>;
  used: Record<string, string>;
  /** so much of what is used would be given back */
  given?: Record<string, number>;
}

/** What the cluster has, as far as the bridge may look; null where it may not. */
export interface CapacityObserved {
  nodes: NodeObserved[] | null;
  holders: GpuHolder[];
  quotas: QuotaObserved[];
}
export interface Blocker {
  reason: string;
  message: string;
  /** it would be gone if the pods of the version that serves went first */
  fitsAfterRecreate?: true;
  /** whose turn it is before */
  behind?: string;
}

/**
 * The pods of a version in a namespace; `requests`: what each asks for, null where that is not
 * known.
 */
export interface Held {
  namespace: string;
  pods: string[];
  requests: PodRequests | null;
}

/** A rollout and what it comes beside. */
export interface Beside {
  strategy: Strategy;
  replicas: number;
  /** what serves; null: nothing does, or it is this very version */
  old: Held | null;
  /** the strategies that could be chosen instead, and what a canary would do then */
  allowed: Strategy[];
  canary: Step[] | null;
}

export const GPU_RESOURCE = 'nvidia.com/gpu';

/**
 * Others may give back what is missing; an image that is gone or a limit of the environment stays.
 */
export const mayPass = ({ reason }: Blocker): boolean =>
  reason === 'GpusNotFree' || reason === 'QuotaExceeded' || reason === 'BehindOthers';

/** What stands against `count` more such pods: GPUs that others hold, or the namespace's quota. */
export function capacityBlocker(
  capacity: CapacityObserved,
  requests: PodRequests,
  count: number,
): Blocker | null {
  return (
    gpuBlocker(capacity, requests.gpus, count) ?? quotaBlocker(capacity.quotas, requests, count)
  );
}

/** The cluster as it would be without these pods. */
export function givenBack(
  capacity: CapacityObserved,
  { namespace, pods, requests }: Held,
): CapacityObserved {
  const given = requests
    ? wantedOf(requests, pods.length)
    : { pods: pods.length, 'count/pods': pods.length };
  return {
    ...capacity,
    holders: capacity.holders.filter(
      (holder) => holder.namespace !== namespace || !pods.includes(holder.pod),
    ),
    quotas: capacity.quotas.map((quota) => ({ ...quota, given })),
  };
}

/**
 * What stands against the beginning of a rollout by this strategy; `more`: the pods that it starts,
 * where some run already.
 */
export function strategyBlocker(
  capacity: CapacityObserved,
  requests: PodRequests,
  beside: Beside,
  more?: number,
): Blocker | null {
  const { strategy, old } = beside;
  const count = more ?? firstPods(planOf(beside));
  if (strategy !== 'recreate' || old === null) return capacityBlocker(capacity, requests, count);
  const blocker = capacityBlocker(givenBack(capacity, old), requests, count);
  return blocker && old.pods.length > 0
    ? {
        ...blocker,
        message: `${blocker.message} What the stable version holds is counted as released.`,
      }
    : blocker;
}

const planOf = ({ strategy, canary, replicas, old }: Beside): RolloutPlan => ({
  strategy,
  steps: canary,
  replicas,
  alone: old === null,
});

/** The same, with what else would fit. */
export function rolloutBlocker(
  capacity: CapacityObserved,
  requests: PodRequests,
  more: number,
  beside: Beside,
): Blocker | null {
  const blocker = strategyBlocker(capacity, requests, beside, more);
  if (blocker === null || beside.old === null) return blocker;
  const offers = fitting(capacity, requests, beside).filter(
    (strategy) => strategy !== beside.strategy && strategy !== 'blue-green',
  );
  if (offers.length === 0) return blocker;
  const pods = firstPods(planOf({ ...beside, strategy: 'canary' }));
  return {
    ...blocker,
    message: `${blocker.message} Promote it ${offers.map((strategy) => `as ${offered(strategy, pods)}`).join(', or ')}.`,
  };
}

/** Those of the strategies allowed that would find the room to begin. */
export function fitting(
  capacity: CapacityObserved,
  requests: PodRequests,
  beside: Beside,
): Strategy[] {
  return beside.allowed.filter(
    (strategy) => strategyBlocker(capacity, requests, { ...beside, strategy }) === null,
  );
}

function offered(strategy: Strategy, canaryPods: number): string {
  if (strategy === 'rolling') return 'rolling, which needs capacity for one pod at a time';
  if (strategy === 'canary')
    return `canary, which needs capacity for ${canaryPods === 1 ? 'one pod' : `${canaryPods} pods`} at first`;
  return 'recreate, which needs no spare capacity; the endpoint is down until the new version is ready';
}

function gpuBlocker(capacity: CapacityObserved, gpusEach: number, count: number): Blocker | null {
  if (gpusEach === 0 || capacity.nodes === null) return null;
  let fits = 0;
  let free = 0;
  let total = 0;
  for (const node of capacity.nodes.filter((candidate) => candidate.schedulable)) {
    const held = capacity.holders
      .filter((holder) => holder.node === node.name && !holder.terminating)
      .reduce((sum, holder) => sum + holder.gpus, 0);
    total += node.gpus;
    free += Math.max(0, node.gpus - held);
    fits += Math.floor(Math.max(0, node.gpus - held) / gpusEach);
  }
  if (fits >= count) return null;
  const holders = capacity.holders
    .filter((holder) => !holder.terminating)
    .map((holder) => `${holder.namespace}/${holder.pod} ${holder.gpus}`);
  const heldBy = holders.length
    ? ` Held by ${holders.slice(0, 4).join(', ')}${holders.length > 4 ? ` and ${holders.length - 4} more` : ''}.`
    : '';
  return {
    reason: 'GpusNotFree',
    message: `${gpus(count * gpusEach)} wanted${count > 1 ? ` (${count} pods with ${gpusEach} each)` : ''}, ${free} of ${total} are free${free >= count * gpusEach ? ', on no node so many together' : ''}.${heldBy}`,
  };
}

const gpus = (count: number): string => (count === 1 ? '1 GPU is' : `${count} GPUs are`);

/** What so many pods take of a quota, by its names of resources. */
export function wantedOf(requests: PodRequests, count: number): Record<string, number> {
  return {
    pods: count,
    'count/pods': count,
    cpu: quantity(requests.cpu) * count,
    'requests.cpu': quantity(requests.cpu) * count,
    'limits.cpu': quantity(requests.cpuLimit) * count,
    memory: quantity(requests.memory) * count,
    'requests.memory': quantity(requests.memory) * count,
    'limits.memory': quantity(requests.memoryLimit) * count,
    [`requests.${GPU_RESOURCE}`]: requests.gpus * count,
  };
}

function quotaBlocker(
  quotas: QuotaObserved[],
  requests: PodRequests,
  count: number,
): Blocker | null {
  const wanted = wantedOf(requests, count);
  for (const quota of quotas) {
    for (const [resource, hard] of Object.entries(quota.hard)) {
      const more = wanted[resource] ?? 0;
      const used = quota.used[resource] ?? '0';
      const left = Math.max(0, quantity(used) - (quota.given?.[resource] ?? 0));
      if (more > 0 && left + more > quantity(hard) * (1 + 1e-9)) {
        return {
          reason: 'QuotaExceeded',
          message: `The quota ${quota.name} allows ${resource} ${hard}; ${used} is used and ${more} more is requested.`,
        };
      }
    }
  }
  return null;
}
