import { quantity } from './quantity.ts';

/** What one pod asks for, as Kubernetes quantities. */
export interface PodRequests { cpu: string; memory: string; cpuLimit: string; memoryLimit: string; gpus: number }
export interface NodeObserved { name: string; gpus: number; schedulable: boolean }
/** A pod that holds GPUs of a node. One that is ending gives them back soon and does not count as an obstacle. */
export interface GpuHolder { node: string; namespace: string; pod: string; gpus: number; terminating: boolean }
export interface QuotaObserved { name: string; hard: Record<string, string>; used: Record<string, string> }

/** What the cluster has, as far as the bridge may look; null where it may not. */
export interface CapacityObserved { nodes: NodeObserved[] | null; holders: GpuHolder[]; quotas: QuotaObserved[] }
export interface Obstacle { reason: string; message: string }

export const GPU_RESOURCE = 'nvidia.com/gpu';

/** Others may give back what is missing; an image that is gone or a limit of the environment stays. */
export const mayPass = ({ reason }: Obstacle): boolean => reason === 'GpusNotFree' || reason === 'QuotaExceeded';

/** What stands against `count` more such pods: GPUs that others hold, or the namespace's quota. */
export function capacityObstacle(capacity: CapacityObserved, requests: PodRequests, count: number): Obstacle | null {
  return gpuObstacle(capacity, requests.gpus, count) ?? quotaObstacle(capacity.quotas, requests, count);
}

function gpuObstacle(capacity: CapacityObserved, gpusEach: number, count: number): Obstacle | null {
  if (gpusEach === 0 || capacity.nodes === null) return null;
  let fitting = 0;
  let free = 0;
  let total = 0;
  for (const node of capacity.nodes.filter((candidate) => candidate.schedulable)) {
    const held = capacity.holders.filter((holder) => holder.node === node.name && !holder.terminating).reduce((sum, holder) => sum + holder.gpus, 0);
    total += node.gpus;
    free += Math.max(0, node.gpus - held);
    fitting += Math.floor(Math.max(0, node.gpus - held) / gpusEach);
  }
  if (fitting >= count) return null;
  const holders = capacity.holders.filter((holder) => !holder.terminating).map((holder) => `${holder.namespace}/${holder.pod} ${holder.gpus}`);
  const heldBy = holders.length ? ` Held by ${holders.slice(0, 4).join(', ')}${holders.length > 4 ? ` and ${holders.length - 4} more` : ''}.` : '';
  return {
    reason: 'GpusNotFree',
    message: `${gpus(count * gpusEach)} wanted${count > 1 ? ` (${count} pods with ${gpusEach} each)` : ''}, ${free} of ${total} are free${free >= count * gpusEach ? ', on no node so many together' : ''}.${heldBy}`,
  };
}

const gpus = (count: number): string => (count === 1 ? '1 GPU is' : `${count} GPUs are`);

/**
 * What stands against a rollout that starts `count` pods beside those that serve; where one pod more at a time would fit, it says so.
 * `serves`: another version does.
 */
export function rolloutObstacle(capacity: CapacityObserved, requests: PodRequests, count: number, strategy: string, serves: boolean): Obstacle | null {
  const obstacle = capacityObstacle(capacity, requests, count);
  if (obstacle === null || strategy === 'rolling' || !serves || count < 2 || capacityObstacle(capacity, requests, 1) !== null) return obstacle;
  return { ...obstacle, message: `${obstacle.message} Promote it as rolling, which needs room for one pod at a time.` };
}

function quotaObstacle(quotas: QuotaObserved[], requests: PodRequests, count: number): Obstacle | null {
  const wanted: Record<string, number> = {
    pods: count, 'count/pods': count,
    cpu: quantity(requests.cpu) * count, 'requests.cpu': quantity(requests.cpu) * count, 'limits.cpu': quantity(requests.cpuLimit) * count,
    memory: quantity(requests.memory) * count, 'requests.memory': quantity(requests.memory) * count, 'limits.memory': quantity(requests.memoryLimit) * count,
    [`requests.${GPU_RESOURCE}`]: requests.gpus * count,
  };
  for (const quota of quotas) {
    for (const [resource, hard] of Object.entries(quota.hard)) {
      const more = wanted[resource] ?? 0;
      const used = quota.used[resource] ?? '0';
      if (more > 0 && quantity(used) + more > quantity(hard) * (1 + 1e-9)) {
        return { reason: 'QuotaExceeded', message: `The quota ${quota.name} allows ${resource} ${hard}; ${used} is used and ${more} more is wanted.` };
      }
    }
  }
  return null;
}
