import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from '../../run.ts';
import { POD_BRIDGE_ADDRESS, POD_CIDR, type StackContext } from '../../server.ts';

export const POD_BRIDGE = 'cni0';

/** The bridge of the pods with its address on this machine, forwarding, and the CNI configuration that attaches pods to it. */
export async function ensurePodNetwork(context: StackContext): Promise<void> {
  if ((await tryRun('ip', ['link', 'show', POD_BRIDGE])) === null) await run('ip', ['link', 'add', POD_BRIDGE, 'type', 'bridge']);
  const addresses = await run('ip', ['-o', 'addr', 'show', POD_BRIDGE]);
  if (!addresses.includes(`${POD_BRIDGE_ADDRESS}/`)) await run('ip', ['addr', 'add', `${POD_BRIDGE_ADDRESS}/16`, 'dev', POD_BRIDGE]);
  await run('ip', ['link', 'set', POD_BRIDGE, 'up']);
  await run('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  await tryRun('modprobe', ['br_netfilter']); // built in, or absent: services then work without it on one node
  await tryRun('sysctl', ['-qw', 'net.bridge.bridge-nf-call-iptables=1']);
  const folder = cniFolder(context);
  mkdirSync(folder, { recursive: true });
  const ranges = [[{ subnet: POD_CIDR, rangeStart: '10.244.1.1', rangeEnd: '10.244.250.250' }]];
  const ipam = { type: 'host-local', dataDir: join(context.state, 'cni', 'addresses'), ranges, routes: [{ dst: '0.0.0.0/0' }] };
  const plugins = [
    { type: 'bridge', bridge: POD_BRIDGE, isGateway: true, ipMasq: true, hairpinMode: true, ipam },
    { type: 'portmap', capabilities: { portMappings: true } },
  ];
  writeFileSync(join(folder, '10-pods.conflist'), JSON.stringify({ cniVersion: '1.0.0', name: 'creativeflow', plugins }, null, 2));
}

export function cniFolder(context: StackContext): string {
  return join(context.state, 'cni', 'net.d');
}

/** Removes what pods leave on the machine's network: namespaces, interfaces, the bridge, firewall rules. Safe when nothing is there. */
export async function removePodNetwork(context: StackContext): Promise<void> {
  const interfaces = (await tryRun('ip', ['-o', 'link', 'show', 'master', POD_BRIDGE])) ?? '';
  const ours = [...interfaces.matchAll(/^\d+: (veth[0-9a-f]+)@/gm)].map((match) => match[1]!);
  for (const name of ours) await tryRun('ip', ['link', 'delete', name]);
  for (const line of ((await tryRun('ip', ['netns', 'list'])) ?? '').split('\n')) {
    const name = line.split(' ')[0];
    if (name?.startsWith('cni-')) {
      await tryRun('umount', ['-l', `/var/run/netns/${name}`]);
      await tryRun('ip', ['netns', 'delete', name]);
    }
  }
  await tryRun('ip', ['link', 'delete', POD_BRIDGE]);
  rmSync(join(context.state, 'cni', 'addresses'), { recursive: true, force: true });
  for (const family of ['iptables', 'ip6tables']) await removeRules(family);
}

/** Takes out the chains of kube-proxy, the kubelet and the CNI plugins and every rule that jumps to them; other rules stay as they are. */
async function removeRules(family: string): Promise<void> {
  const saved = await tryRun(`${family}-save`, []);
  if (saved === null || !/KUBE-|CNI-/.test(saved)) return;
  const kept = saved.split('\n').filter((line) => !/^:(KUBE-|CNI-)|^-A (KUBE-|CNI-)|-j (KUBE-|CNI-)|^-A POSTROUTING .*name: "creativeflow"/.test(line));
  await tryRun(`${family}-restore`, [], { input: `${kept.join('\n')}\n` });
}

/** Lines of /proc/self/mounts under a folder, the innermost first. */
export function mountsUnder(folder: string): string[] {
  if (!existsSync('/proc/self/mounts')) return [];
  const points = readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => unescapeOctal(line.split(' ')[1] ?? ''));
  return points.filter((point) => point.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length);
}

function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
}
