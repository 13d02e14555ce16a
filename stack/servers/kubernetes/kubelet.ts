import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { binary, KUBE } from '../../go-build.ts';
import { httpAnswers } from '../../process.ts';
import { POD_BRIDGE_ADDRESS, type StackContext } from '../../server.ts';
import { askApi } from './api.ts';
import { CGROUP } from './cgroup.ts';
import { containerdSocket } from './containerd.ts';
import { offerGpusProgram } from './gpus.ts';
import { NODE } from './node.ts';
import { startPart } from './part.ts';
import { kubeconfig, pkiFolder } from './pki.ts';

/**
 * The kubelet, on the address of the pod bridge because a node's address may not be loopback; only
 * with a certificate does it answer.
 */
export async function startKubelet(context: StackContext): Promise<void> {
  const folder = join(context.state, 'kubernetes');
  mkdirSync(join(folder, 'kubelet'), { recursive: true });
  const argv = [
    binary(context, KUBE),
    'kubelet',
    `--config=${folder}/kubelet.yaml`,
    `--kubeconfig=${kubeconfig(context, 'node')}`,
    `--root-dir=${folder}/kubelet`,
    `--hostname-override=${NODE}`,
    `--node-ip=${POD_BRIDGE_ADDRESS}`,
    `--cert-dir=${folder}/kubelet/pki`,
  ];
  await startPart(context, 'kubelet', argv, {
    written: { [join(folder, 'kubelet.yaml')]: stringify(configuration(context)) },
    read: [kubeconfig(context, 'node'), join(pkiFolder(context), 'kubelet.crt')],
    afterRestart: offerGpusProgram(context),
  });
}

/** Ready, as this kubelet says, not as the one before it said. */
export async function nodeReady(context: StackContext): Promise<boolean> {
  if (!(await httpAnswers(`http://127.0.0.1:${context.ports.kubeletHealth}/healthz`))) return false;
  const answer = await askApi(context, `/api/v1/nodes/${NODE}`);
  if (answer === null) return false;
  const { status } = JSON.parse(answer) as {
    status?: { conditions?: { type: string; status: string; lastHeartbeatTime: string }[] };
  };
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  const startedSeconds = Math.floor(
    statSync(join(context.state, 'run', 'kubelet.pid')).mtimeMs / 1000,
  );
  return ready?.status === 'True' && Date.parse(ready.lastHeartbeatTime) / 1000 >= startedSeconds;
}

function configuration(context: StackContext): object {
  const pki = pkiFolder(context);
  const { ports } = context;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${pki}/ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: `${pki}/kubelet.crt`,
    tlsPrivateKeyFile: `${pki}/kubelet.key`,
    address: POD_BRIDGE_ADDRESS,
    port: ports.kubelet,
    healthzBindAddress: '127.0.0.1',
    healthzPort: ports.kubeletHealth,
    readOnlyPort: 0,
    containerRuntimeEndpoint: `unix://${containerdSocket(context)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: CGROUP,
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    podLogsDir: join(context.state, 'kubernetes', 'pod-logs'),
    containerLogMaxSize: '10Mi',
    resolvConf: resolverFile(),
    serializeImagePulls: false,
    podPidsLimit: 4096,
    evictionHard: {
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'memory.available': '100Mi',
    },
    // a developer's disk is often nearly full: images go late
    imageGCHighThresholdPercent: 97,
    imageGCLowThresholdPercent: 95,
  };
}

/**
 * A resolver on loopback answers nobody in a pod; systemd-resolved keeps the real ones in a file
 * beside.
 */
function resolverFile(): string {
  const stub = /^nameserver\s+(127\.|::1)/m.test(readFileSync('/etc/resolv.conf', 'utf8'));
  const real = '/run/systemd/resolve/resolv.conf';
  return stub && existsSync(real) ? real : '/etc/resolv.conf';
}
