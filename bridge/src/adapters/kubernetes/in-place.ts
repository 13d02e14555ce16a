import type { V1ManagedFieldsEntry } from '@kubernetes/client-node';
import type { ObjectKind } from '../../domain/integrity/types.ts';

/** An object as the API server has it, as far as it is compared. */
export interface Stored {
  metadata: {
    name: string;
    uid?: string;
    generation?: number;
    resourceVersion?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    managedFields?: V1ManagedFieldsEntry[];
  };
  spec: Record<string, unknown>;
}

/** Our manifest with the name, version and notes of the stored one. */
export function inPlaceOf(
  stored: Stored,
  manifest: Stored,
  kind: ObjectKind,
  replicas: boolean,
): Stored {
  const annotations = { ...stored.metadata.annotations, ...manifest.metadata.annotations };
  const spec =
    kind === 'Deployment' && !replicas
      ? { ...manifest.spec, replicas: stored.spec['replicas'] }
      : manifest.spec;
  return {
    ...manifest,
    spec,
    metadata: {
      ...manifest.metadata,
      annotations,
      resourceVersion: stored.metadata.resourceVersion,
    },
  };
}

/** Ours in place of the stored one, with the name and the version of that. */
export function routeInPlaceOf(stored: Stored, manifest: Stored): Stored {
  const { managedFields: _, ...metadata } = stored.metadata;
  return {
    ...manifest,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...manifest.metadata.labels },
      annotations: { ...metadata.annotations, ...manifest.metadata.annotations },
    },
  };
}
