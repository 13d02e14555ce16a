import { readFileSync } from 'node:fs';
import type { PrometheusSettings } from '../adapters/prometheus/metrics.ts';
import { registryUrlOf, type Config } from '../config.ts';
import { secretFor } from '../domain/secret-purposes.ts';
import type { DeliverySettings } from './delivery.ts';

/** The configuration of builds and rollouts. */
export function deliverySettings(config: Config): DeliverySettings {
  return {
    kubeconfigFile: config.KUBECONFIG,
    ...gatewaySettings(config),
    endpointsUrl: config.ENDPOINTS_PUBLIC_URL,
    outboundAllow: `${config.OUTBOUND_ALLOW},${new URL(config.GATEWAY_URL).host}`,
    registryUrl: registryUrlOf(config),
    registryName: config.REGISTRY_NAME,
    buildNamespace: config.BUILD_NAMESPACE,
    buildImage: config.BUILD_IMAGE,
    podHost: config.BRIDGE_POD_HOST,
    podPort: config.BRIDGE_POD_PORT,
    tokenSecret: secretFor('buildGrants', config.SESSION_SECRET),
    recordSecret: secretFor('records', config.SESSION_SECRET),
    ...(config.BUILD_KUBECONFIG ? { buildKubeconfigFile: config.BUILD_KUBECONFIG } : {}),
    ...(config.BUILD_CA_BUNDLE_FILE
      ? { caBundle: readFileSync(config.BUILD_CA_BUNDLE_FILE, 'utf8') }
      : {}),
    ...(config.BUILD_HTTP_PROXY ? { httpProxy: config.BUILD_HTTP_PROXY } : {}),
  };
}

function gatewaySettings(
  config: Config,
): Pick<
  DeliverySettings,
  'gatewayName' | 'gatewayNamespace' | 'gatewaySources' | 'gatewayMetricsUrl' | 'prometheus'
> {
  return {
    gatewayName: config.GATEWAY_NAME,
    gatewayNamespace: config.GATEWAY_NAMESPACE,
    gatewaySources: config.GATEWAY_SOURCES,
    ...(config.GATEWAY_METRICS_URL ? { gatewayMetricsUrl: config.GATEWAY_METRICS_URL } : {}),
    ...(config.GATEWAY_PROMETHEUS_URL
      ? { prometheus: prometheusOf(config, config.GATEWAY_PROMETHEUS_URL) }
      : {}),
  };
}

function prometheusOf(
  {
    GATEWAY_PROMETHEUS_TOKEN: token,
    GATEWAY_PROMETHEUS_REQUESTS: requests,
    GATEWAY_PROMETHEUS_ERRORS: errors,
    GATEWAY_PROMETHEUS_BUCKETS: buckets,
    GATEWAY_PROMETHEUS_BUCKET_UNIT: bucketUnit,
  }: Config,
  url: string,
): PrometheusSettings {
  return {
    url,
    token,
    queries: requests && errors && buckets ? { requests, errors, buckets, bucketUnit } : undefined,
  };
}

/** `host:port`, or the path of a socket. */
export function clamdAddress(
  text: string | undefined,
): { path: string } | { host: string; port: number } | undefined {
  if (text === undefined) return undefined;
  if (text.startsWith('/')) return { path: text };
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** Builds take their base images from our registry; where a list is kept, ours is on it. */
export function imagesAllowed({ REGISTRY_NAME, SCAN_REGISTRIES }: Config): {
  buildArgs: Record<string, string>;
  registries?: string[];
} {
  const listed = SCAN_REGISTRIES?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return {
    buildArgs: { REGISTRY: REGISTRY_NAME },
    ...(listed === undefined || listed.length === 0
      ? {}
      : { registries: [REGISTRY_NAME, ...listed] }),
  };
}
