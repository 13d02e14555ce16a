import {
  differences,
  integrityCondition,
  mendable,
  sameDifference,
  withRemembered,
} from '../../domain/integrity/differences.ts';
import type { ClusterSeen, Difference, Expected, Seen } from '../../domain/integrity/types.ts';
import { routeName, routePath } from '../../domain/rollouts/revision.ts';
import { Failed, Unavailable } from '../../errors.ts';
import type { ImageStorePort } from '../ports/image-store.ts';
import type { RevisionSpec } from '../ports/cluster.ts';
import { splitImage } from '../../domain/builds/image-name.ts';
import { lookAtArtifacts, lookAtImage } from './probes.ts';
import type { ArtifactBytes, Due, IntegrityCluster, Witness } from '../ports/integrity.ts';
import type { DeploymentWork, OdooPort } from '../ports/odoo.ts';
import type { Clock, Logger } from '../ports/runtime.ts';
import { revisionSpecOf } from '../rollouts/revision-spec.ts';
import { SERVICE } from '../ports/odoo.ts';

export interface IntegrityDeps {
  odoo: Pick<OdooPort, 'call'>;
  cluster: IntegrityCluster;
  images: Pick<ImageStorePort, 'manifest' | 'hasBlob'>;
  artifacts: ArtifactBytes;
  clock: Clock;
  log: Logger;
  registryName: string;
  everySeconds: number;
  rereadHours: number;
}

const AT_ONCE = 20;
/**
 * What is seen once may be a rollout that ends just now; what is seen again after this long is
 * told.
 */
const SECOND_LOOK_MS = 2_000;
const MOVING = ['Pending', 'Building', 'Progressing'];

/**
 * Whether what runs is what was approved, from the pods to the stored bytes. Told in Odoo; put back
 * where it can be.
 */
export class IntegrityCheck {
  readonly #deps: IntegrityDeps;

  constructor(deps: IntegrityDeps) {
    this.#deps = deps;
  }

  /**
   * Looks at what is due. Odoo gives each deployment to one bridge in an interval. Answers how many
   * there were.
   */
  async round(signal: AbortSignal): Promise<number> {
    const { odoo, log, everySeconds, rereadHours } = this.#deps;
    const due = await odoo.call<Due[]>(
      SERVICE,
      'mlops.deployment',
      'integrity_round',
      { every_seconds: everySeconds, reread_seconds: rereadHours * 3600, limit: AT_ONCE },
      'integrity',
    );
    // reading gigabytes again must not keep the others waiting
    for (const one of due.sort((a, b) => Number(a.deep) - Number(b.deep))) {
      if (signal.aborted) break;
      await this.check(one, signal).catch((error: Error) =>
        log.warn(
          { deploymentId: one.work.deploymentId, reason: error.message },
          'integrity.failed',
        ),
      );
    }
    return due.length;
  }

  async check(due: Due, signal: AbortSignal): Promise<void> {
    const { work, reported } = due;
    const first = await this.#look(due, work, signal);
    let found = withRemembered(first.found, first.seen, reported.differences);
    if (first.found.some(({ part }) => part === 'cluster')) {
      await this.#deps.clock.sleep(SECOND_LOOK_MS, signal);
      const now = await this.#deps.odoo.call<DeploymentWork>(
        SERVICE,
        'mlops.deployment',
        'work',
        { deployment_id: work.deploymentId },
        'integrity',
      );
      // somebody deploys: the next round sees how it ended
      if (standing(now) !== standing(work)) return;
      const cluster = await this.#away(() => this.#cluster(now));
      const again = { ...first.seen, cluster };
      found = withRemembered(
        differences(this.#expected(due, now), again),
        again,
        reported.differences,
      ).filter(
        (one) =>
          one.part !== 'cluster' || first.found.some((before) => sameDifference(before, one)),
      );
    }
    await this.#tell(due, first, found);
  }

  async #look(
    due: Due,
    work: DeploymentWork,
    signal: AbortSignal,
  ): Promise<{ found: Difference[]; seen: Seen; witness: Witness | null; read: boolean }> {
    const { images, artifacts } = this.#deps;
    const { repository } = splitImage(work.image ?? '');
    const [cluster, image, bytes] = await Promise.all([
      this.#away(() => this.#cluster(work)),
      this.#away(() => lookAtImage(images, repository, work.imageDigest ?? '')),
      this.#away(() => lookAtArtifacts(artifacts, due, signal)),
    ]);
    const seen: Seen = { cluster, image, artifacts: bytes?.seen ?? null };
    return {
      seen,
      found: differences(this.#expected(due, work), seen),
      witness: bytes?.witness ?? null,
      read: due.deep && bytes !== null,
    };
  }

  /** null when the part does not answer: then nothing is said of it */
  async #away<T>(look: () => Promise<T>): Promise<T | null> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      this.#deps.log.warn({ reason: error.message }, 'integrity.away');
      return null;
    }
  }

  #expected({ artifacts }: Due, work: DeploymentWork): Expected {
    const spec = this.#spec(work);
    const route = settled(work)
      ? {
          name: routeName('public', work.slug),
          path: routePath('public', work.environment.kind, work.slug),
          gateway: this.#deps.cluster.gateway,
        }
      : null;
    return { revision: spec.revision, image: spec.image, artifacts, route };
  }

  async #cluster(work: DeploymentWork): Promise<ClusterSeen> {
    const { cluster } = this.#deps;
    const spec = this.#spec(work);
    const [containers, objects, approved, route] = await Promise.all([
      cluster.containers(spec.namespace, spec.revision),
      cluster.objects(spec, settled(work)),
      cluster.approved(spec.namespace, spec.revision),
      settled(work) ? cluster.route(spec.namespace, routeName('public', work.slug)) : undefined,
    ]);
    // applied before the cluster kept a list: Odoo has approved it, the list only lacks it
    if (approved === undefined) await cluster.approve(spec.namespace, spec.revision, spec.image);
    return { containers, objects, approved, route };
  }

  #spec(work: DeploymentWork): RevisionSpec {
    return revisionSpecOf(work, this.#deps.registryName);
  }

  async #tell(
    due: Due,
    { witness, read }: { witness: Witness | null; read: boolean },
    found: Difference[],
  ): Promise<void> {
    const { odoo, log } = this.#deps;
    const { work, reported, policy } = due;
    const { state, reason, message } = integrityCondition(found);
    const mended = policy === 'put-back' ? found.filter(mendable) : [];
    const news =
      state !== reported.state || JSON.stringify(found) !== JSON.stringify(reported.differences);
    if (
      news ||
      read ||
      mended.length > 0 ||
      (witness !== null && JSON.stringify(witness) !== JSON.stringify(due.witness))
    ) {
      const answer = await odoo.call<{ accepted: boolean }>(
        SERVICE,
        'mlops.deployment',
        'report_integrity',
        {
          deployment_id: work.deploymentId,
          generation: work.generation,
          state,
          reason,
          message,
          differences: found,
          put_back: mended.map(({ subject }) => subject),
          witness,
          read,
        },
        'integrity',
      );
      if (!answer.accepted) return;
    }
    if (news && state === 'bad')
      log.warn(
        { deploymentId: work.deploymentId, reason, message, putBack: mended.length },
        'integrity.differs',
      );
    if (mended.length > 0) await this.#putBack(work, mended);
  }

  async #putBack(work: DeploymentWork, mended: Difference[]): Promise<void> {
    const { cluster, log } = this.#deps;
    const spec = this.#spec(work);
    try {
      if (mended.some(({ kind }) => kind === 'ApprovalChanged'))
        await cluster.approve(spec.namespace, spec.revision, spec.image);
      if (mended.some(({ kind }) => !/^(Approval|Route)/.test(kind)))
        await cluster.putBack(spec, settled(work));
      if (mended.some(({ kind }) => kind.startsWith('Route'))) {
        const path = routePath('public', work.environment.kind, work.slug);
        await cluster.putRouteBack({
          namespace: spec.namespace,
          name: routeName('public', work.slug),
          slug: work.slug,
          path,
          revision: spec.revision,
          deploymentId: work.deploymentId,
        });
      }
      log.info(
        { deploymentId: work.deploymentId, subjects: mended.map(({ subject }) => subject) },
        'integrity.put-back',
      );
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      log.error(
        { deploymentId: work.deploymentId, reason: error.message },
        'integrity.put-back-refused',
      );
    }
  }
}

/** It serves, and no other version of the model is on its way: traffic and size are its own. */
function settled(work: DeploymentWork): boolean {
  return (
    work.isLive &&
    work.desired === 'serving' &&
    !work.siblings.some(
      (sibling) =>
        sibling.desired === 'serving' && !sibling.isLive && MOVING.includes(sibling.phase),
    )
  );
}

const standing = (work: DeploymentWork): string =>
  JSON.stringify([work.generation, work.desired, work.isLive, work.siblings]);
