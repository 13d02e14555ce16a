import { revisionName } from '../../domain/rollouts/revision.ts';
import type { RevisionSpec } from '../ports/cluster.ts';
import { splitImage } from '../../domain/builds/image-name.ts';
import type { DeploymentWork } from '../ports/odoo.ts';
import { resolveServing } from './serving-defaults.ts';

/**
 * What a deployment's revision is to be in the cluster: the same for who rolls it out and for who
 * looks whether it still is.
 */
export function revisionSpecOf(work: DeploymentWork, registryName: string): RevisionSpec {
  const serving = resolveServing(work.serving);
  const { repository } = splitImage(work.image ?? `models/${work.slug}`);
  return {
    namespace: work.environment.namespace,
    revision: revisionName(work.slug, work.versionId),
    slug: work.slug,
    modelId: work.modelId,
    versionId: work.versionId,
    image: `${registryName}/${repository}@${work.imageDigest}`,
    replicas: serving.replicas,
    port: serving.port,
    readinessPath: serving.readinessPath,
    requests: serving.requests,
  };
}
