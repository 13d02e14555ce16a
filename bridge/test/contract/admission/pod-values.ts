/**
 * Values that the API server lets through its own checks, by type and field: a change that it
 * refuses as invalid itself shows nothing of a policy. A field of a later Kubernetes whose made-up
 * value is invalid fails the test, and gets its value here.
 */
const VALUES: Record<string, unknown> = {
  'PodSpec.restartPolicy': 'OnFailure',
  'PodSpec.serviceAccountName': 'other',
  'PodSpec.serviceAccount': 'other',
  'PodSpec.os': { name: 'linux' },
  'PodSpec.priorityClassName': 'system-cluster-critical',
  'PodSpec.tolerations': [{ operator: 'Exists' }],
  'PodSpec.preemptionPolicy': 'Never',
  'PodSpec.hostAliases': [{ ip: '10.0.0.9', hostnames: ['x.example'] }],
  'PodSpec.hostAliases[+]': { ip: '10.0.0.9', hostnames: ['x.example'] },
  'HostAlias.ip': '10.0.0.9',
  'HostAlias.hostnames[+]': 'x.example',
  'PodSpec.resourceClaims': [{ name: 'x', resourceClaimName: 'x' }],
  'PodSpec.initContainers': [{ name: 'x', image: 'x' }],
  'PodSpec.initContainers[+]': { name: 'x', image: 'x' },
  'PodSpec.containers[+]': { name: 'x', image: 'x' },
  'PodSpec.volumes[+]': { name: 'x', hostPath: { path: '/' } },
  'PodSecurityContext.seLinuxChangePolicy': 'Recursive',
  'PodSecurityContext.appArmorProfile': { type: 'Unconfined' },
  'SecurityContext.appArmorProfile': { type: 'Unconfined' },
  'SecurityContext.seccompProfile': { type: 'Unconfined' },
  'SeccompProfile.type': 'Unconfined',
  'Capabilities.add[+]': 'NET_RAW',
  'Capabilities.drop[+]': 'NET_RAW',
  'Container.envFrom': [{ configMapRef: { name: 'x' } }],
  'Container.env[+]': { name: 'LD_PRELOAD', value: '/x.so' },
  'EnvVar.valueFrom': { fieldRef: { fieldPath: 'metadata.name' } },
  'Container.livenessProbe': { tcpSocket: { port: 8080 } },
  'Container.readinessProbe': { tcpSocket: { port: 8080 } },
  'Container.startupProbe': { tcpSocket: { port: 8080 } },
  'Container.lifecycle': { postStart: { exec: { command: ['x'] } } },
  'Lifecycle.postStart': { exec: { command: ['x'] } },
  'LifecycleHandler.exec': { command: ['x'] },
  'Probe.exec': { command: ['x'] },
  'Container.resizePolicy': [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
  'Container.imagePullPolicy': 'Never',
  'ContainerPort.protocol': 'UDP',
  'HTTPGetAction.scheme': 'HTTPS',
  'Probe.successThreshold': 2,
  'Container.ports[+]': { name: 'other', containerPort: 9090 },
  'Container.terminationMessagePolicy': 'FallbackToLogsOnError',
  'Container.command[+]': 'x',
  'VolumeMount.mountPropagation': 'HostToContainer',
  'VolumeMount.recursiveReadOnly': 'Disabled',
  'EmptyDirVolumeSource.sizeLimit': '2Gi',
  'Volume.azureDisk': { diskName: 'x', diskURI: 'https://a.blob.core.windows.net/a/a.vhd' },
  'Volume.configMap': { name: 'x' },
  'Volume.secret': { secretName: 'x' },
  'Volume.ephemeral': {
    volumeClaimTemplate: {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  },
  'Volume.fc': { targetWWNs: ['x'], lun: 1 },
  'Volume.flocker': { datasetName: 'x' },
  'Volume.iscsi': { targetPortal: 'x', iqn: 'iqn.2001-04.com.example:a', lun: 0 },
  'Volume.nfs': { server: 'x', path: '/x' },
  'Volume.quobyte': { registry: 'a:1', volume: 'x' },
  'Volume.storageos': { volumeName: 'x' },
  'Volume.scaleIO': { gateway: 'x', system: 'x', volumeName: 'x', secretRef: { name: 'x' } },
  'Volume.projected': { sources: [{ serviceAccountToken: { path: 'token' } }] },
  'Volume.image': { reference: 'x' },
  'SecretVolumeSource.items': [{ key: 'a', path: 'a' }],
};
export const SERVING_VALUES = {
  ...VALUES,
  'PodSpec.dnsPolicy': 'Default',
  'Container.volumeMounts[+]': { name: 'tmp', mountPath: '/x' },
};
export const BUILD_VALUES = {
  ...VALUES,
  'PodSpec.dnsPolicy': 'ClusterFirst',
  'Container.volumeMounts[+]': { name: 'context', mountPath: '/x' },
};

/**
 * What no pod can say by itself: the API server refuses it beside what the bridge sets, whoever
 * makes the pod.
 */
export const NEVER_VALID: [field: RegExp, why: string][] = [
  [/^ephemeralContainers$/, 'are added to a pod that runs (tried below), never at its creation'],
  [/^activeDeadlineSeconds$/, 'a template of a ReplicaSet has none'],
  [/^restartPolicy$/, 'a template of a ReplicaSet has Always alone'],
  [
    /^(overhead|runtimeClassName)$/,
    'wants a RuntimeClass; the template with it is refused by the policy',
  ],
  [
    /^(priority|preemptionPolicy)$/,
    'is computed from the class; the template with it is refused by the policy',
  ],
  [/\.resources\.claims$/, 'wants resourceClaims, which are refused'],
  [/\.resources\.requests\{\+\}$/, 'wants the limit too, which is refused'],
  [/\.volumeDevices$/, 'wants a claim as a volume, which is refused'],
  [/\.volumeMounts\[\d+\]\.name$/, 'wants such a volume, which is refused'],
  [/^volumes\[\d+\]\.name$/, 'the mount wants the volume'],
  [/\.seccompProfile\.localhostProfile$/, 'wants the type Localhost, and the type is refused'],
  [/\.readinessProbe\.terminationGracePeriodSeconds$/, 'only liveness and startup probes have it'],
  [/\.(startupProbe)\.successThreshold$/, 'is 1 for a startup probe'],
  [
    /^initContainers\[\d+\]\.(livenessProbe|readinessProbe|startupProbe|lifecycle)$/,
    'only an init container that is restarted has it, and restartPolicy is refused',
  ],
];

/**
 * What the bridge sets differently for each revision or build, or what harms nobody; the rest of
 * the pod stays ours.
 */
export const HARMLESS: [field: RegExp, why: string][] = [
  [
    /\.(readinessProbe|startupProbe)\.(httpGet\.path|timeoutSeconds|periodSeconds|failureThreshold)$/,
    "the model's own: where and how patiently it is asked whether it is ready",
  ],
  [/^terminationGracePeriodSeconds$/, 'up to a minute'],
  [/\.lifecycle\.preStop\.sleep\.seconds$/, 'up to a minute'],
];
/** besides, in builds */
export const HARMLESS_IN_BUILDS: typeof HARMLESS = [
  [
    /^(initContainers|containers)\[\d+\]\.env\[\d+\]\.value$/,
    'what is built, and through which proxy: what it may push and read is what its token says, at the gate',
  ],
  [
    /^volumes\[\d+\]\.emptyDir\.sizeLimit$/,
    'how much scratch a build has is bounded by its limits',
  ],
  [/^activeDeadlineSeconds$/, 'up to a day'],
];
