import { createHash } from 'node:crypto';
import type { V1Deployment, V1NetworkPolicy, V1Service } from '@kubernetes/client-node';
import { GPU_RESOURCE } from '../../domain/capacity/capacity.ts';
import { shareOf } from '../../domain/rollouts/revision.ts';
import { guardAnswer, guardRequest } from './route-guard.ts';
import { sessionPatterns } from '../../domain/rollouts/session-affinity.ts';
import type { SessionPatterns } from '../../domain/rollouts/session-affinity.ts';
import { SESSION_HEADER, TRAFFIC_HEADER } from '../../services/ports/cluster.ts';
import type { RevisionSpec, RouteSpec } from '../../services/ports/cluster.ts';

export const LABEL = {
  managedBy: 'app.kubernetes.io/managed-by',
  model: 'creativeflow.io/model',
  modelId: 'creativeflow.io/model-id',
  versionId: 'creativeflow.io/version-id',
  revision: 'creativeflow.io/revision',
} as const;
export const ANNOTATION = {
  changedBy: 'creativeflow.io/changed-by',
  before: 'creativeflow.io/before',
  applied: 'creativeflow.io/applied',
} as const;
export const MANAGER = 'creativeflow-bridge';
/** Tells which revision answered; the smoke test trusts no answer without it. */
const REVISION_HEADER = 'x-creativeflow-revision';
const SERVICE_PORT = 80;
/**
 * Longer than a gateway needs to take an ending pod out of its list (110 ms seen); then the server
 * gets its SIGTERM.
 */
const DRAIN_SECONDS = 3;
const GRACE_SECONDS = 10;
const STARTUP_SECONDS = 600;

/**
 * The template holds nothing that differs between two deployments of one version, so that adopting
 * a revision restarts no pod.
 */
export function deploymentManifest(spec: RevisionSpec): V1Deployment {
  const manifest = plainDeployment(spec);
  return {
    ...manifest,
    metadata: { ...manifest.metadata, annotations: { [ANNOTATION.applied]: appliedHash(spec) } },
  };
}

/**
 * Tells one template from another: what a bridge of another version applied was not changed by
 * hand.
 */
export function appliedHash(spec: RevisionSpec): string {
  return createHash('sha256')
    .update(JSON.stringify(plainDeployment({ ...spec, replicas: 0 }).spec))
    .digest('hex')
    .slice(0, 16);
}

function plainDeployment(spec: RevisionSpec): V1Deployment {
  const labels = labelsOf(spec);
  const { requests } = spec;
  const gpus: Record<string, string> =
    requests.gpus > 0 ? { [GPU_RESOURCE]: String(requests.gpus) } : {};
  const probe = { httpGet: { path: spec.readinessPath, port: 'http' }, timeoutSeconds: 3 };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: spec.revision, namespace: spec.namespace, labels },
    spec: {
      replicas: spec.replicas,
      revisionHistoryLimit: 2,
      selector: { matchLabels: { [LABEL.revision]: spec.revision } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: GRACE_SECONDS,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'model',
              image: spec.image,
              // the name by which the protocol's paths call the model; the smoke test and the
              // endpoint's users go by it
              env: [
                { name: 'PORT', value: String(spec.port) },
                { name: 'MODEL_NAME', value: spec.slug },
              ],
              ports: [{ name: 'http', containerPort: spec.port, protocol: 'TCP' }],
              resources: {
                requests: { cpu: requests.cpu, memory: requests.memory, ...gpus },
                limits: { cpu: requests.cpuLimit, memory: requests.memoryLimit, ...gpus },
              },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
              startupProbe: { ...probe, periodSeconds: 1, failureThreshold: STARTUP_SECONDS },
              readinessProbe: { ...probe, periodSeconds: 2, failureThreshold: 2 },
              lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1Gi' } }],
        },
      },
    },
  };
}

export function serviceManifest(spec: RevisionSpec): V1Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: spec.revision, namespace: spec.namespace, labels: labelsOf(spec) },
    spec: {
      type: 'ClusterIP',
      selector: { [LABEL.revision]: spec.revision },
      ports: [{ name: 'http', port: SERVICE_PORT, targetPort: 'http', protocol: 'TCP' }],
    },
  };
}

/** Nothing in, nothing out, for every pod of the namespace. */
export function defaultDenyManifest(namespace: string): V1NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny', namespace, labels: { [LABEL.managedBy]: MANAGER } },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  };
}

/**
 * In on the serving port alone, and from the gateway alone where it is told where that stands:
 * addresses, when it is outside of the cluster and no selector finds it, or namespaces. Not told,
 * from anywhere.
 */
export function allowServingManifest(
  spec: RevisionSpec,
  sources: readonly string[] = [],
): V1NetworkPolicy {
  const from = sources.map((source) =>
    source.includes('/')
      ? { ipBlock: { cidr: source } }
      : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': source } } },
  );
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: spec.revision, namespace: spec.namespace, labels: labelsOf(spec) },
    spec: {
      podSelector: { matchLabels: { [LABEL.revision]: spec.revision } },
      policyTypes: ['Ingress'],
      ingress: [
        { ...(from.length > 0 ? { from } : {}), ports: [{ protocol: 'TCP', port: spec.port }] },
      ],
    },
  };
}

export interface GatewayReference {
  name: string;
  namespace: string;
  /** where its requests come from: networks (`10.0.0.0/24`) and namespaces */
  sources?: readonly string[];
}

/** The path's prefix is stripped; what a single revision answers says so in a header. */
export function routeManifest(spec: RouteSpec, gateway: GatewayReference): object {
  const backends = spec.backends.filter((backend) => backend.weight > 0);
  const only = backends.length === 1 ? backends[0]?.revision : undefined;
  const path = { type: 'PathPrefix', value: spec.path };
  const rewrite = {
    type: 'URLRewrite',
    urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
  };
  const filters = (revision?: string): object[] => [
    rewrite,
    guardRequest,
    guardAnswer(revision ? [{ name: REVISION_HEADER, value: revision }] : []),
  ];
  const backend = (name: string, weight: number): object => ({
    group: '',
    kind: 'Service',
    name,
    port: SERVICE_PORT,
    weight,
  });
  // the rule of the weights stands first, where it is read back; the gateway takes the rule with
  // the most matches, wherever it stands
  const sides = Object.entries(spec.sides ?? {}).flatMap(([side, revision]) =>
    chosenBy(side, spec).map((header) => ({
      // a rule that rewrites a prefix may have one match only
      matches: [{ path, headers: [header] }],
      filters: filters(revision),
      backendRefs: [backend(revision, 1)],
    })),
  );
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name: spec.name,
      namespace: spec.namespace,
      labels: { [LABEL.managedBy]: MANAGER, [LABEL.model]: spec.slug },
      annotations: {
        [ANNOTATION.changedBy]: String(spec.changedBy),
        [ANNOTATION.before]: JSON.stringify(spec.before),
      },
    },
    spec: {
      parentRefs: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          name: gateway.name,
          namespace: gateway.namespace,
        },
      ],
      rules: [
        {
          matches: [{ path }],
          filters: filters(only),
          backendRefs: backends.map(({ revision, weight }) => backend(revision, weight)),
        },
        ...sides,
      ],
    },
  };
}

/**
 * Matches of the headers that make a request one of this side: what it asks for itself, or the
 * session that it belongs to.
 */
function chosenBy(side: string, { sides, backends }: RouteSpec): object[] {
  const asked = (name: string, value: string): object => ({
    type: 'RegularExpression',
    name,
    value,
  });
  const cookie = (name: string, value: string): object =>
    asked('Cookie', `(^|.*; ?)${name}=${value}(;.*|$)`);
  const share = sides ? shareOf({ backends }, sides.canary) : 0;
  const digits = sessionPatterns(share)?.[side as keyof SessionPatterns];
  return [
    { name: TRAFFIC_HEADER, value: side },
    cookie(TRAFFIC_HEADER, side),
    ...(digits
      ? [asked(SESSION_HEADER, `^.*${digits}$`), cookie(SESSION_HEADER, `[^;]*${digits}`)]
      : []),
  ];
}

function labelsOf(spec: RevisionSpec): Record<string, string> {
  return {
    [LABEL.managedBy]: MANAGER,
    [LABEL.model]: spec.slug,
    [LABEL.modelId]: String(spec.modelId),
    [LABEL.versionId]: String(spec.versionId),
    [LABEL.revision]: spec.revision,
  };
}
