import type { V1Pod, V1PodSpec, V1Secret } from '@kubernetes/client-node';
import { BUILD_CONTAINER, BUILD_EXIT, CONTEXT_CONTAINER } from '../../domain/builds/outcome.ts';
import { PUSH_USER, type BuildPodSpec } from '../../services/ports/cluster.ts';
import { MANAGER } from './manifests.ts';

export interface BuildPodSettings {
  namespace: string;
  image: string;
  /** the registry in image names, host and port */
  registryName: string;
  /** where the bridge listens for build pods */
  podHost: string;
  podPort: number;
  /** PEM of a certificate authority that RUN steps shall trust, e.g. a company's own */
  caBundle?: string;
  /** proxy that RUN steps may use; never written into the image */
  httpProxy?: string;
  resources?: { cpu: string; memory: string; scratch: string };
}

export const BUILD_LABEL = {
  managedBy: 'app.kubernetes.io/managed-by',
  versionId: 'creativeflow.io/version-id',
  generation: 'creativeflow.io/generation',
  attempt: 'creativeflow.io/attempt',
} as const;
const DEFAULT_RESOURCES = { cpu: '2', memory: '3Gi', scratch: '20Gi' };
const GRACE_SECONDS = 2;

export function buildPodName(
  spec: Pick<BuildPodSpec, 'versionId' | 'generation' | 'attempt'>,
): string {
  return `build-v${spec.versionId}-g${spec.generation}-a${spec.attempt}`;
}

/** The push token is all that is secret in it. */
export function buildSecret(spec: BuildPodSpec, settings: BuildPodSettings): V1Secret {
  const auth = Buffer.from(`${PUSH_USER}:${spec.token}`).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: buildPodName(spec), namespace: settings.namespace, labels: labelsOf(spec) },
    stringData: {
      'auth.json': JSON.stringify({ auths: { [settings.registryName]: { auth } } }),
      ...(spec.dockerfile === undefined ? {} : { Dockerfile: spec.dockerfile }),
      ...(settings.caBundle ? { 'ca.crt': settings.caBundle } : {}),
    },
  };
}

/**
 * One build: an init container that fetches the context, a main container that builds and pushes.
 * Root with SYS_ADMIN, since buildah's chroot isolation needs both; therefore in a namespace of its
 * own, without a service account.
 */
export function buildPod(spec: BuildPodSpec, settings: BuildPodSettings): V1Pod {
  const resources = settings.resources ?? DEFAULT_RESOURCES;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: buildPodName(spec), namespace: settings.namespace, labels: labelsOf(spec) },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: spec.deadlineSeconds,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      hostAliases: [{ ip: settings.podHost, hostnames: [hostOf(settings)] }],
      // RUN steps resolve names as the node does; nothing in the cluster is meant for them
      dnsPolicy: 'Default',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      ...containersOf(spec, settings, resources),
      volumes: [
        { name: 'context', emptyDir: { sizeLimit: resources.scratch } },
        { name: 'grant', secret: { secretName: buildPodName(spec), defaultMode: 0o400 } },
        { name: 'storage', emptyDir: { sizeLimit: resources.scratch } },
        { name: 'tmp', emptyDir: { sizeLimit: resources.scratch } },
      ],
    },
  };
}

function containersOf(
  spec: BuildPodSpec,
  settings: BuildPodSettings,
  { cpu, memory, scratch }: typeof DEFAULT_RESOURCES,
): Pick<V1PodSpec, 'initContainers' | 'containers'> {
  const common = {
    image: settings.image,
    imagePullPolicy: 'IfNotPresent',
    env: Object.entries(environmentOf(spec, settings)).map(([name, value]) => ({ name, value })),
    volumeMounts: [
      { name: 'context', mountPath: '/context' },
      { name: 'grant', mountPath: '/run/grant', readOnly: true },
      { name: 'storage', mountPath: '/var/lib/containers' },
      { name: 'tmp', mountPath: '/var/tmp' },
    ],
  };
  return {
    initContainers: [
      {
        ...common,
        name: CONTEXT_CONTAINER,
        command: ['python3', '-c', BUILD_COMMANDS.context],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        resources: {
          requests: { cpu: '100m', memory: '64Mi' },
          limits: { cpu: '1', memory: '256Mi', 'ephemeral-storage': scratch },
        },
      },
    ],
    containers: [
      {
        ...common,
        name: BUILD_CONTAINER,
        command: ['/bin/sh', '-c', BUILD_COMMANDS.build],
        // without raw sockets no step can send under another pod's address
        securityContext: { capabilities: { add: ['SYS_ADMIN'], drop: ['NET_RAW'] } },
        resources: {
          requests: { cpu: '200m', memory: '512Mi' },
          limits: { cpu, memory, 'ephemeral-storage': scratch },
        },
      },
    ],
  };
}

function environmentOf(spec: BuildPodSpec, settings: BuildPodSettings): Record<string, string> {
  const { podHost, podPort, httpProxy } = settings;
  return {
    TARGET: spec.target,
    REGISTRY: settings.registryName,
    CONTENTS: JSON.stringify(spec.contents),
    LABELS: JSON.stringify(spec.labels),
    CONTEXT_URL: `http://${podHost}:${podPort}/builds/${spec.versionId}-${spec.generation}/context.tar${without(spec)}`,
    WITHOUT: JSON.stringify(spec.without ?? []),
    TIMELESS: spec.timeless ? '1' : '',
    HOME: '/root',
    ...(httpProxy
      ? {
          http_proxy: httpProxy,
          https_proxy: httpProxy,
          no_proxy: `${hostOf(settings)},${podHost}`,
        }
      : {}),
  };
}

/** The registry's host, without its port. */
const hostOf = ({ registryName }: BuildPodSettings): string => registryName.split(':')[0] ?? '';

/** The bridge is asked for less than the whole context. */
function without({ without: names = [] }: BuildPodSpec): string {
  return names.length === 0
    ? ''
    : `?${new URLSearchParams(names.map((name): [string, string] => ['without', name])).toString()}`;
}

function labelsOf(spec: BuildPodSpec): Record<string, string> {
  return {
    [BUILD_LABEL.managedBy]: MANAGER,
    [BUILD_LABEL.versionId]: String(spec.versionId),
    [BUILD_LABEL.generation]: String(spec.generation),
    [BUILD_LABEL.attempt]: String(spec.attempt),
  };
}

/**
 * Streams the tar to disk, one regular file at a time, and compares each digest with the one that
 * was approved.
 */
const FETCH_SCRIPT = `
import hashlib, json, os, sys, tarfile, urllib.request
def end(code, text):
    print(text, flush=True)
    open('/dev/termination-log', 'w').write(text[:2000])
    sys.exit(code)
contents = json.loads(os.environ['CONTENTS'])
auth = next(iter(json.load(open('/run/grant/auth.json'))['auths'].values()))['auth']
request = urllib.request.Request(os.environ['CONTEXT_URL'], headers={'Authorization': 'Basic ' + auth})
seen = set()
try:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer, tarfile.open(fileobj=answer, mode='r|') as tar:
        for entry in tar:
            if not entry.isreg() or entry.name not in contents:
                end(${BUILD_EXIT.contextDiffers}, 'the context holds ' + entry.name + ', which was not approved')
            path = os.path.join('/context', entry.name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            digest, source = hashlib.sha256(), tar.extractfile(entry)
            with open(path, 'wb') as target:
                for block in iter(lambda: source.read(1 << 20), b''):
                    digest.update(block)
                    target.write(block)
            if 'sha256:' + digest.hexdigest() != contents[entry.name]:
                end(${BUILD_EXIT.contextDiffers}, entry.name + ' is sha256:' + digest.hexdigest() + ', approved was ' + contents[entry.name])
            seen.add(entry.name)
            print('fetched %s (%d bytes)' % (entry.name, entry.size), flush=True)
except Exception as error:
    end(${BUILD_EXIT.contextUnavailable}, 'fetching the context: %s' % error)
if seen != set(contents):
    end(${BUILD_EXIT.contextUnavailable}, 'the context came without ' + ', '.join(sorted(set(contents) - seen)))
for name in json.loads(os.environ['WITHOUT']):
    path = os.path.join('/context', name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, 'wb').close()
    print('%s is empty here: its bytes are laid in later' % name, flush=True)
`;

const BUILD_SCRIPT = `
set -u
cd /context
set -- --storage-driver vfs bud --isolation chroot --pull-always --layers=false --authfile /run/grant/auth.json --tls-verify=false --build-arg "REGISTRY=$REGISTRY" --tag "$TARGET"
if [ -f /run/grant/Dockerfile ]; then set -- "$@" --file /run/grant/Dockerfile; else set -- "$@" --file /context/Dockerfile; fi
if [ -n "$TIMELESS" ]; then set -- "$@" --timestamp 0; fi
for pair in $(python3 -c 'import json,os; [print(k + "=" + v) for k, v in json.loads(os.environ["LABELS"]).items()]'); do
  set -- "$@" --label "$pair" --annotation "$pair"
done
if [ -f /run/grant/ca.crt ]; then set -- "$@" --volume /run/grant/ca.crt:/etc/ssl/certs/ca-certificates.crt:ro; fi
buildah "$@" /context || exit ${BUILD_EXIT.buildFailed}
echo "pushing $TARGET"
buildah --storage-driver vfs push --authfile /run/grant/auth.json --tls-verify=false --digestfile /tmp/digest "$TARGET" "docker://$TARGET" || exit ${BUILD_EXIT.pushFailed}
cat /tmp/digest > /dev/termination-log
echo "pushed $(cat /tmp/digest)"
`;

/**
 * What a build's two containers run; the cluster admits nothing else (k8s/base/build-commands.yaml,
 * written by scripts/build-commands.ts).
 */
export const BUILD_COMMANDS = {
  context: FETCH_SCRIPT.trimStart(),
  build: BUILD_SCRIPT.trimStart(),
} as const;
