import type { ClusterPort, GatewayPort, MetricsPort, RegistryPort } from '../ports/cluster.ts';
import type { OdooPort } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';
import type { WorkCache } from './work-cache.ts';

/** What reconciling a rollout works with. */
export interface RolloutDeps {
  odoo: OdooPort;
  recent: Pick<WorkCache, 'take'>;
  cluster: ClusterPort;
  registry: RegistryPort;
  gateway: GatewayPort;
  clock: Clock;
  /** null: no gateway's metrics were named, and no canary can be judged by its traffic */
  metrics: MetricsPort | null;
  /** the origin of endpoints and previews, e.g. https://endpoints.example.com */
  endpointsUrl: string;
  /** the registry in image names */
  registryName: string;
}
