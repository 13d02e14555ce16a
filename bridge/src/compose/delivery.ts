import type { Express, Request, Router } from 'express';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesBuildPods } from '../adapters/kubernetes/build-pods.ts';
import { KubernetesClient } from '../adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../adapters/kubernetes/cluster.ts';
import { HttpGateway } from '../adapters/kubernetes/gateway.ts';
import { KubernetesIntegrity } from '../adapters/kubernetes/integrity.ts';
import { OutboundClient } from '../adapters/outbound/outbound-client.ts';
import { PrometheusMetrics } from '../adapters/prometheus/metrics.ts';
import type { PrometheusSettings } from '../adapters/prometheus/metrics.ts';
import { TraefikMetrics } from '../adapters/traefik/metrics.ts';
import { HttpImageStore } from '../adapters/registry/image-store.ts';
import { HttpImageLayers } from '../adapters/registry/image-layers.ts';
import { HttpRegistry, registryAccess } from '../adapters/registry/registry.ts';
import { parseAllowList } from '../domain/outbound-address.ts';
import { buildLogRouter } from '../http/builds/log.ts';
import { planRouter } from '../http/rollouts/plan.ts';
import { podListener } from '../http/builds/pod-listener.ts';
import { buildJob } from '../services/builds/build-job.ts';
import { reconcileJob } from '../services/rollouts/reconcile.ts';
import { attachReferrer } from '../services/builds/referrer.ts';
import type { AttachReferrer } from '../services/builds/referrer.ts';
import type { IntegrityDeps } from '../services/integrity/check.ts';
import { planner } from '../services/rollouts/promotion-plan.ts';
import type { ImageLayersPort, TrafficPort } from '../services/ports/cluster.ts';
import type { Caller, OdooPort } from '../services/ports/odoo.ts';
import type { Clock, Logger } from '../services/ports/runtime.ts';
import type { JobHandler } from '../services/ports/jobs.ts';
import type { ObjectStore } from '../services/ports/object-store.ts';
import type { WorkCache } from '../services/rollouts/work-cache.ts';

/** Values of docs/configuration.md; files are read already. */
export interface DeliverySettings {
  kubeconfigFile: string;
  gatewayName: string;
  gatewayNamespace: string;
  endpointsUrl: string;
  /** what the gateways of environments may be besides public addresses, as OUTBOUND_ALLOW */
  outboundAllow: string;
  /**
   * networks and namespaces from which the gateway's requests come; without any, endpoints are open
   * to whoever reaches them
   */
  gatewaySources?: readonly string[];
  registryUrl: string;
  registryName: string;
  /**
   * where the gateway tells its metrics; without it canaries are judged by the model's example
   * alone
   */
  gatewayMetricsUrl?: string;
  /** asked instead of the gateway itself */
  prometheus?: PrometheusSettings;
  /**
   * an account that may make builds and nothing else; without it the one of kubeconfigFile makes
   * them
   */
  buildKubeconfigFile?: string;
  buildNamespace: string;
  buildImage: string;
  podHost: string;
  podPort: number;
  caBundle?: string;
  httpProxy?: string;
  /** the keys of two purposes (domain/secret-purposes.ts), the same in every bridge */
  tokenSecret: Buffer;
  recordSecret: Buffer;
}
export interface DeliveryParts {
  odoo: OdooPort;
  store: ObjectStore;
  clock: Clock;
  log: Logger;
  /** filled by the relay */
  recent: WorkCache;
  callerOf(request: Request): Caller | Promise<Caller>;
  requestIdOf(request: Request): string;
}

export interface Delivery {
  build: JobHandler;
  reconcile: JobHandler;
  router: Router;
  plan: Router;
  podListener: Express;
  images: ImageLayersPort;
  attach: AttachReferrer;
  traffic: TrafficPort | null;
  integrity: Pick<IntegrityDeps, 'cluster' | 'images' | 'registryName'>;
}

/**
 * Builds and rollouts, wired together. `podListener` belongs on BRIDGE_POD_HOST:BRIDGE_POD_PORT,
 * the router on the public listener.
 */
export function composeDelivery(settings: DeliverySettings, parts: DeliveryParts): Delivery {
  const { odoo, store, clock, log, recent, callerOf, requestIdOf } = parts;
  const { registryName, tokenSecret, recordSecret, endpointsUrl } = settings;
  const client = clientOf(settings.kubeconfigFile);
  const registry = new HttpRegistry(settings.registryUrl);
  const images = new HttpImageStore(settings.registryUrl);
  const gateway = {
    name: settings.gatewayName,
    namespace: settings.gatewayNamespace,
    sources: settings.gatewaySources ?? [],
  };
  const cluster = new KubernetesCluster(client, gateway);
  const pods = buildPodsOf(settings, client);
  const gatewayMetrics = settings.gatewayMetricsUrl
    ? new TraefikMetrics(settings.gatewayMetricsUrl)
    : null;
  return {
    traffic: gatewayMetrics,
    build: buildJob({
      odoo,
      store,
      registry,
      pods,
      clock,
      registryName,
      tokenSecret,
      layering: { images, recordSecret, buildImage: settings.buildImage },
    }),
    reconcile: reconcileJob({
      odoo,
      recent,
      cluster,
      registry,
      gateway: new HttpGateway(new OutboundClient(parseAllowList(settings.outboundAllow))),
      metrics: settings.prometheus ? new PrometheusMetrics(settings.prometheus) : gatewayMetrics,
      clock,
      endpointsUrl,
      registryName,
    }),
    integrity: { cluster: new KubernetesIntegrity(client, gateway), images, registryName },
    images: new HttpImageLayers(settings.registryUrl),
    attach: (repository, digest, referrer) => attachReferrer(images, repository, digest, referrer),
    router: buildLogRouter({ odoo, store, pods, callerOf }),
    plan: planRouter({
      planOf: planner({ odoo, cluster, registry, clock, registryName }),
      callerOf,
      requestIdOf,
    }),
    podListener: podListener({
      odoo,
      store,
      clock,
      log,
      registry: registryAccess(settings.registryUrl),
      tokenSecret,
    }),
  };
}

/** With the account for builds where there is one, else with that of `client`. */
function buildPodsOf(settings: DeliverySettings, client: KubernetesClient): KubernetesBuildPods {
  const { buildKubeconfigFile: file, caBundle, httpProxy } = settings;
  return new KubernetesBuildPods(file ? clientOf(file) : client, {
    namespace: settings.buildNamespace,
    image: settings.buildImage,
    registryName: settings.registryName,
    podHost: settings.podHost,
    podPort: settings.podPort,
    ...(caBundle ? { caBundle } : {}),
    ...(httpProxy ? { httpProxy } : {}),
  });
}

function clientOf(file: string): KubernetesClient {
  const config = new KubeConfig();
  config.loadFromFile(file);
  return new KubernetesClient(config);
}
