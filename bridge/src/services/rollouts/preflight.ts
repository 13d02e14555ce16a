import {
  fitting,
  mayPass,
  rolloutBlocker,
  strategyBlocker,
} from '../../domain/capacity/capacity.ts';
import type { Beside, Blocker, CapacityObserved } from '../../domain/capacity/capacity.ts';
import { queueBlocker } from '../../domain/capacity/queue.ts';
import type { Waiting } from '../../domain/capacity/queue.ts';
import { tookDown } from '../../domain/rollouts/restore-stable.ts';
import { situationOf } from '../../domain/rollouts/situation.ts';
import type { Observed, DesiredState } from '../../domain/rollouts/types.ts';
import { podsOf } from '../../domain/rollouts/strategy.ts';
import type { Strategy } from '../../contract/rollout.ts';
import type { ClusterPort, RegistryPort, RevisionSpec } from '../ports/cluster.ts';
import { splitImage } from '../../domain/builds/image-name.ts';
import type { DeploymentWork, QueuedWork } from '../ports/odoo.ts';
import { resolveServing } from './serving-defaults.ts';

export interface PreflightDeps {
  cluster: Pick<ClusterPort, 'capacity'>;
  registry: RegistryPort;
}
export interface Asked {
  work: DeploymentWork;
  wanted: DesiredState;
  spec: Pick<RevisionSpec, 'namespace' | 'image' | 'requests'>;
  observed: Observed;
  now: Date;
}

/**
 * What stands against the pods that the rollout would start next, or would give others up for;
 * asked only then: afterwards the pods themselves tell.
 */
export async function findBlocker(deps: PreflightDeps, asked: Asked): Promise<Blocker | null> {
  const more = podsToStart(asked);
  if (more <= 0) return null;
  const { work, wanted, spec } = asked;
  const limit = limitBlocker(asked);
  if (limit) return limit;
  const { repository } = splitImage(spec.image);
  // while nobody answers, a registry that is away holds nothing up: the pods tell whether their
  // image can be had
  const known = tookDown(wanted, asked.observed) && asked.observed.previous?.wantedReplicas === 0;
  const [found, capacity] = await Promise.all([
    known ? work.imageDigest : deps.registry.digestOf(repository, work.imageDigest ?? ''),
    deps.cluster.capacity(spec.namespace),
  ]);
  if (found !== work.imageDigest)
    return {
      reason: 'ImageNotFound',
      message: `The registry no longer has ${spec.image}. Restore it there, or register the version again.`,
    };
  return roomBlocker(asked, capacity, more);
}

/** Whether the cluster has room for `more` pods, and whose turn it is. */
function roomBlocker(asked: Asked, capacity: CapacityObserved, more: number): Blocker | null {
  const { work, spec, now } = asked;
  const { requests, namespace } = spec;
  const beside = besideOf(asked);
  const room = rolloutBlocker(capacity, requests, more, beside);
  const blocker = mayQueue(asked)
    ? queueBlocker((work.queue ?? []).map(waitingOf), room, { requests, capacity, namespace, now })
    : room;
  if (blocker === null || !mayPass(blocker) || !mayRecreate(asked, beside)) return blocker;
  const recreate: Beside = { ...beside, strategy: 'recreate' };
  return strategyBlocker(capacity, requests, recreate, more) === null
    ? { ...blocker, fitsAfterRecreate: true }
    : blocker;
}

/** A rollback may take down what serves to find its room there. */
const mayRecreate = ({ work, wanted }: Asked, { old }: Beside): boolean =>
  wanted.rollback && old !== null && work.environment.strategiesAllowed.includes('recreate');

/**
 * Which of the strategies that a promotion could choose would find the room to begin; none where
 * the environment or the registry is against it.
 */
export async function findFitting(deps: PreflightDeps, asked: Asked): Promise<Strategy[]> {
  const { work, spec } = asked;
  if (
    limitBlocker(asked) ||
    (await deps.registry.digestOf(splitImage(spec.image).repository, work.imageDigest ?? '')) !==
      work.imageDigest
  )
    return [];
  return fitting(await deps.cluster.capacity(spec.namespace), spec.requests, besideOf(asked));
}

/** What the environment allows, whatever the cluster has. */
function limitBlocker({
  work: { environment },
  wanted,
  spec: { requests },
}: Asked): Blocker | null {
  if (environment.maxReplicas > 0 && wanted.replicas > environment.maxReplicas) {
    return {
      reason: 'TooManyReplicas',
      message: `${wanted.replicas} replicas are wanted; ${environment.name} allows ${environment.maxReplicas}.`,
    };
  }
  if (requests.gpus * wanted.replicas > environment.maxGpus && requests.gpus > 0) {
    return {
      reason: 'TooManyGpus',
      message: `${requests.gpus * wanted.replicas} GPUs are wanted; ${environment.name} allows ${environment.maxGpus} for a deployment.`,
    };
  }
  return null;
}

function podsToStart({ wanted, observed, now }: Asked): number {
  const { step: at } = situationOf({ wanted, observed: { ...observed, blocker: null }, now });
  const running = observed.revision?.image === wanted.image ? observed.revision.wantedReplicas : 0;
  if (at?.kind === 'scale') return podsOf(at, wanted.replicas) - running;
  return at?.kind === 'shrink' && at.pods === 0 && observed.previous?.wantedReplicas !== 0
    ? wanted.replicas - running
    : 0;
}

/**
 * It waits in the row before it begins; what has begun holds pods that others may wait for, and
 * what is brought back waits for nobody.
 */
function mayQueue({ wanted, observed: { revision, previous } }: Asked): boolean {
  return (
    wanted.queueUntil !== null &&
    !wanted.rollback &&
    (revision === null || revision.wantedReplicas === 0) &&
    previous?.wantedReplicas !== 0
  );
}

function waitingOf({
  name,
  version,
  queueUntil,
  paused,
  strategy,
  steps,
  serving,
  previous,
}: QueuedWork): Waiting {
  const { replicas, requests } = resolveServing(serving);
  return {
    name: `${name} ${version}`,
    until: queueUntil === null ? null : new Date(queueUntil),
    paused,
    strategy,
    steps,
    replicas,
    requests,
    old: previous && { revision: previous.revision, ...resolveServing(previous.serving) },
  };
}

/**
 * What it comes beside, and what else people could choose: a rollback and staging leave no choice.
 */
function besideOf({
  work: { environment },
  wanted,
  spec: { namespace },
  observed: { previous },
}: Asked): Beside {
  return {
    strategy: wanted.rollback ? 'blue-green' : wanted.strategy,
    replicas: wanted.replicas,
    old: previous && {
      namespace,
      pods: previous.pods.map(({ name }) => name),
      requests: previous.requests ?? null,
    },
    allowed: wanted.rollback || environment.kind === 'staging' ? [] : environment.strategiesAllowed,
    canary: wanted.strategy === 'canary' ? wanted.steps : environment.canarySteps,
  };
}
