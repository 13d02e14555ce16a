import type { V1Node, V1NodeStatus, V1Pod, V1ResourceQuota } from '@kubernetes/client-node';
import { GPU_RESOURCE } from '../../domain/capacity/capacity.ts';
import type { CapacityObserved, GpuHolder } from '../../domain/capacity/capacity.ts';
import { Failed } from '../../errors.ts';
import type { KubernetesClient } from './client.ts';

export async function observeCapacity(
  client: KubernetesClient,
  namespace: string,
): Promise<CapacityObserved> {
  const quotas = (
    await client.list<V1ResourceQuota>(`/api/v1/namespaces/${namespace}/resourcequotas`)
  ).map(observeQuota);
  try {
    const [nodes, pods] = await Promise.all([
      client.list<V1Node>('/api/v1/nodes'),
      client.list<V1Pod>('/api/v1/pods', {
        fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
      }),
    ]);
    return {
      nodes: nodes.map(observeNode),
      holders: pods.map(gpuHolder).filter((holder) => holder.gpus > 0 && holder.node !== ''),
      quotas,
    };
  } catch (error) {
    // a bridge that may not look at nodes leaves the judgement to the scheduler
    if (error instanceof Failed && error.code === 'cluster-forbidden')
      return { nodes: null, holders: [], quotas };
    throw error;
  }
}

const observeQuota = (quota: V1ResourceQuota): CapacityObserved['quotas'][number] => ({
  name: quota.metadata?.name ?? '',
  hard: quota.status?.hard ?? quota.spec?.hard ?? {},
  used: quota.status?.used ?? {},
});

const observeNode = ({
  metadata,
  spec,
  status,
}: V1Node): NonNullable<CapacityObserved['nodes']>[number] => ({
  name: metadata?.name ?? '',
  gpus: Number(status?.allocatable?.[GPU_RESOURCE] ?? status?.capacity?.[GPU_RESOURCE] ?? 0),
  schedulable: spec?.unschedulable !== true && isReadyNode(status),
});

const isReadyNode = (status: V1NodeStatus | undefined): boolean =>
  status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') ??
  false;

function gpuHolder(pod: V1Pod): GpuHolder {
  const gpus = (pod.spec?.containers ?? []).reduce(
    (sum, container) => sum + Number(container.resources?.limits?.[GPU_RESOURCE] ?? 0),
    0,
  );
  return {
    node: pod.spec?.nodeName ?? '',
    namespace: pod.metadata?.namespace ?? '',
    pod: pod.metadata?.name ?? '',
    gpus,
    terminating: pod.metadata?.deletionTimestamp !== undefined,
  };
}
