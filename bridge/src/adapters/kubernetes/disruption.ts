import type { V1PodDisruptionBudget } from '@kubernetes/client-node';
import type { RevisionSpec } from '../../services/ports/cluster.ts';
import { LABEL, MANAGER } from './manifests.ts';

/**
 * While a node is emptied, one pod of a revision at a time. A budget for each revision: one for the
 * whole namespace would count the pods of all models together and could let the only two of one
 * model go. Told as what may be missing, so that it keeps nobody from emptying a node under a
 * revision with a single pod; a broken pod never stands in the way.
 */
export function disruptionManifest({
  namespace,
  revision,
  slug,
}: Pick<RevisionSpec, 'namespace' | 'revision' | 'slug'>): V1PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: {
      name: revision,
      namespace,
      labels: { [LABEL.managedBy]: MANAGER, [LABEL.model]: slug, [LABEL.revision]: revision },
    },
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: { [LABEL.revision]: revision } },
    },
  };
}
