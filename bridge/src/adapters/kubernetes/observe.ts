import type {
  CoreV1Event,
  V1ContainerStatus,
  V1Deployment,
  V1Pod,
  V1PodStatus,
} from '@kubernetes/client-node';
import { GPU_RESOURCE } from '../../domain/capacity/capacity.ts';
import type { PodRequests } from '../../domain/capacity/capacity.ts';
import type {
  ContainerObserved,
  PodObserved,
  RevisionObserved,
} from '../../domain/rollouts/revision.ts';
import { lastTellingLine } from '../../domain/log-line.ts';
import type { KubernetesClient } from './client.ts';

const EXPLAINED_PODS = 3;
const TAIL_LINES = 20;

/**
 * A Deployment and its pods as the domain sees them. Of pods that are not ready, a few are asked
 * for events and last words.
 */
export async function observeRevision(
  client: KubernetesClient,
  deployment: V1Deployment,
  pods: V1Pod[],
): Promise<RevisionObserved> {
  const { spec, metadata } = deployment;
  const notReady = pods
    .filter((pod) => !pod.metadata?.deletionTimestamp && !isReadyPod(pod))
    .slice(0, EXPLAINED_PODS);
  return {
    name: metadata?.name ?? '',
    image: spec?.template.spec?.containers[0]?.image ?? '',
    wantedReplicas: wantedReplicas(deployment),
    readyReplicas: readyReplicas(deployment, pods),
    upToDate: isUpToDate(deployment),
    appliedAt: createdAt(deployment),
    creationFailure: creationFailure(deployment),
    pods: await Promise.all(pods.map((pod) => observePod(client, pod, notReady.includes(pod)))),
    requests: requestsOf(deployment),
    ...(metadata?.deletionTimestamp ? { deleting: metadata.finalizers ?? [] } : {}),
  };
}

/** Kubernetes' own default where none is written. */
const wantedReplicas = ({ spec }: V1Deployment): number => spec?.replicas ?? 1;

const createdAt = ({ metadata }: V1Deployment | V1Pod): Date =>
  new Date(metadata?.creationTimestamp ?? 0);

function readyReplicas(deployment: V1Deployment, pods: V1Pod[]): number {
  return knowsIt(deployment)
    ? (deployment.status?.readyReplicas ?? 0)
    : readyAsWanted(deployment, pods);
}

function isUpToDate(deployment: V1Deployment): boolean {
  const { updatedReplicas = 0, replicas = 0 } = deployment.status ?? {};
  return (
    knowsIt(deployment) &&
    updatedReplicas === replicas &&
    updatedReplicas >= wantedReplicas(deployment)
  );
}

function creationFailure({ status }: V1Deployment): string | null {
  const failure = status?.conditions?.find(
    (condition) => condition.type === 'ReplicaFailure' && condition.status === 'True',
  );
  return failure?.message ?? null;
}

/** Of all containers of a pod together there is one: the model. */
function requestsOf({ spec }: V1Deployment): PodRequests {
  const { requests = {}, limits = {} } = spec?.template.spec?.containers[0]?.resources ?? {};
  return {
    cpu: requests['cpu'] ?? '0',
    memory: requests['memory'] ?? '0',
    cpuLimit: limits['cpu'] ?? '0',
    memoryLimit: limits['memory'] ?? '0',
    gpus: Number(limits[GPU_RESOURCE] ?? 0),
  };
}

/** Whether the controller has seen the Deployment as it is now. */
function knowsIt({ metadata, status }: V1Deployment): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 1);
}

/** Of a Deployment that was changed just now, what is known is known of the pods themselves. */
function readyAsWanted({ spec }: V1Deployment, pods: V1Pod[]): number {
  const images = JSON.stringify(spec?.template.spec?.containers.map(({ image }) => image));
  return pods.filter(
    (pod) =>
      !pod.metadata?.deletionTimestamp &&
      isReadyPod(pod) &&
      JSON.stringify(pod.spec?.containers.map(({ image }) => image)) === images,
  ).length;
}

export async function observePod(
  client: KubernetesClient,
  pod: V1Pod,
  explain: boolean,
): Promise<PodObserved> {
  const { status = {} } = pod;
  const containers = containerStatusesOf(pod).map(observeContainer);
  return {
    name: pod.metadata?.name ?? '',
    phase: status.phase ?? 'Unknown',
    ready: isReadyPod(pod),
    terminating: pod.metadata?.deletionTimestamp !== undefined,
    createdAt: createdAt(pod),
    reason: status.reason ?? null,
    message: status.message ?? null,
    unscheduled: unscheduledOf(status),
    containers,
    warnings: explain ? await warningsOf(client, pod) : [],
    lastLogLine: explain ? await lastWords(client, pod, containers) : null,
  };
}

/** In the order in which they run. */
export const containerStatusesOf = ({ status }: V1Pod): V1ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

function unscheduledOf({ conditions }: V1PodStatus): PodObserved['unscheduled'] {
  const found = conditions?.find(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'False',
  );
  return found ? { reason: found.reason ?? 'Unschedulable', message: found.message ?? '' } : null;
}

function observeContainer(status: V1ContainerStatus): ContainerObserved {
  const { waiting, terminated } = status.state ?? {};
  const last = status.lastState?.terminated;
  const ended = (end: typeof terminated): ContainerObserved['terminated'] =>
    end ? { reason: end.reason ?? '', exitCode: end.exitCode, message: end.message ?? '' } : null;
  return {
    name: status.name,
    ready: status.ready,
    restarts: status.restartCount,
    waiting: waiting ? { reason: waiting.reason ?? '', message: waiting.message ?? '' } : null,
    terminated: ended(terminated),
    lastTerminated: ended(last),
  };
}

async function warningsOf(client: KubernetesClient, pod: V1Pod): Promise<PodObserved['warnings']> {
  const events = await client.list<CoreV1Event>(
    `/api/v1/namespaces/${pod.metadata?.namespace}/events`,
    {
      fieldSelector: `involvedObject.uid=${pod.metadata?.uid},type=Warning`,
      limit: 50,
    },
  );
  const at = (event: CoreV1Event): number =>
    new Date(event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? 0).getTime();
  return events
    .sort((a, b) => at(b) - at(a))
    .map((event) => ({
      reason: event.reason ?? '',
      message: event.message ?? '',
      count: event.count ?? 1,
    }));
}

async function lastWords(
  client: KubernetesClient,
  pod: V1Pod,
  containers: ContainerObserved[],
): Promise<string | null> {
  const ended = containers.find(
    (container) => (container.terminated ?? container.lastTerminated) !== null && !container.ready,
  );
  if (!ended) return null;
  const path = `/api/v1/namespaces/${pod.metadata?.namespace}/pods/${pod.metadata?.name}/log`;
  try {
    const stream = await client.stream(
      path,
      {
        container: ended.name,
        previous: ended.terminated === null,
        tailLines: TAIL_LINES,
        limitBytes: 65_536,
      },
      AbortSignal.timeout(5_000),
    );
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return lastTellingLine(text);
  } catch {
    // the kubelet may have collected the container already; the exit code is told without its words
    // then
    return null;
  }
}

function isReadyPod(pod: V1Pod): boolean {
  return (
    pod.status?.conditions?.some(
      (condition) => condition.type === 'Ready' && condition.status === 'True',
    ) ?? false
  );
}
