import type {
  ContainerObserved,
  PodObserved,
  RevisionObserved,
  RouteObserved,
} from '../../../../src/domain/rollouts/revision.ts';
import type { Observed, DesiredState } from '../../../../src/domain/rollouts/types.ts';

export const NOW = new Date('2026-03-01T12:00:00Z');
export const IMAGE = 'registry.test:5000/models/digits@sha256:aa';
export const before = (ms: number): Date => new Date(NOW.getTime() - ms);

export function container(over: Partial<ContainerObserved> = {}): ContainerObserved {
  return {
    name: 'model',
    ready: false,
    restarts: 0,
    waiting: null,
    terminated: null,
    lastTerminated: null,
    ...over,
  };
}
export function pod(over: Partial<PodObserved> = {}): PodObserved {
  return {
    name: 'digits-v2-abc',
    phase: 'Pending',
    ready: false,
    terminating: false,
    createdAt: before(5_000),
    reason: null,
    message: null,
    unscheduled: null,
    containers: [container()],
    warnings: [],
    lastLogLine: null,
    ...over,
  };
}
export function revision(over: Partial<RevisionObserved> = {}): RevisionObserved {
  const wantedReplicas = over.wantedReplicas ?? 2;
  return {
    name: 'digits-v2',
    image: IMAGE,
    wantedReplicas,
    readyReplicas: wantedReplicas,
    upToDate: true,
    appliedAt: before(5_000),
    creationFailure: null,
    pods: [],
    ...over,
  };
}
export function route(
  weights: Record<string, number>,
  over: Partial<RouteObserved> = {},
): RouteObserved {
  return {
    backends: Object.entries(weights).map(([name, weight]) => ({ revision: name, weight })),
    changedBy: null,
    before: null,
    accepted: true,
    ...over,
  };
}
export function wanted(over: Partial<DesiredState> = {}): DesiredState {
  return {
    deploymentId: 7,
    generation: 3,
    revision: 'digits-v2',
    image: IMAGE,
    replicas: 2,
    strategy: 'blue-green',
    steps: null,
    progress: null,
    stable: null,
    alone: true,
    controls: { paused: false, approvedStep: -1, skipTo: 0 },
    rollback: false,
    desired: 'serving',
    established: false,
    failed: false,
    shared: false,
    rival: false,
    withdrawing: [],
    queueUntil: null,
    deadline: new Date(NOW.getTime() + 60_000),
    ...over,
  };
}
export function observed(over: Partial<Observed> = {}): Observed {
  return {
    revision: null,
    previous: null,
    publicRoute: null,
    previewRoute: null,
    blocker: null,
    smoke: { preview: null, public: null },
    judgement: null,
    ...over,
  };
}
/** What Odoo has recorded where this is seen: what serves, at the size that it had. */
export function recordOf({
  previous = null,
  publicRoute = null,
}: Partial<Observed>): Pick<DesiredState, 'stable' | 'alone'> {
  const before = publicRoute?.before?.find((backend) => backend.revision !== 'digits-v2');
  const name =
    previous?.name ??
    before?.revision ??
    publicRoute?.backends.find((backend) => backend.revision !== 'digits-v2')?.revision;
  if (name === undefined) return { stable: null, alone: true };
  const replicas = Math.max(
    previous?.wantedReplicas ?? 0,
    before?.revision === name ? before.replicas : 0,
  );
  return {
    stable: { revision: name, image: previous?.image ?? 'old', replicas: replicas || 2 },
    alone: false,
  };
}
/** What serves is there, whatever the route says. */
export function withStable(over: Partial<Observed>): Partial<Observed> {
  const { stable } = recordOf(over);
  return stable === null || over.previous
    ? over
    : {
        ...over,
        previous: revision({
          name: stable.revision,
          image: stable.image,
          wantedReplicas: stable.replicas,
        }),
      };
}
