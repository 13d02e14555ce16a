import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from '../../run.ts';
import { POD_BRIDGE_ADDRESS, POD_CIDR, type StackContext } from '../../server.ts';
import { gatePorts } from '../../ports.ts';
import { ensureFirewallRules } from './firewall.ts';
import { CNI_NETWORK, POD_BRIDGE } from './pod-names.ts';

const CNI_RESULTS = '/var/lib/cni/results';

/**
 * The bridge of the pods with its address on this machine, forwarding, and the CNI configuration
 * that attaches pods to it.
 */
export async function ensurePodNetwork(context: StackContext): Promise<void> {
  const addresses = await run('ip', ['-o', '-4', 'addr', 'show']);
  const taken = interfaceIn(addresses, POD_BRIDGE_ADDRESS);
  if (taken !== null && taken !== POD_BRIDGE) {
    throw new Error(
      `The pod network ${POD_CIDR} is in use: interface ${taken} has an address in it. Another cluster on this machine? It must be stopped first.`,
    );
  }
  if ((await tryRun('ip', ['link', 'show', POD_BRIDGE])) === null)
    await run('ip', ['link', 'add', POD_BRIDGE, 'type', 'bridge']);
  if (taken === null)
    await run('ip', ['addr', 'add', `${POD_BRIDGE_ADDRESS}/16`, 'dev', POD_BRIDGE]);
  await run('ip', ['link', 'set', POD_BRIDGE, 'up']);
  await run('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  await tryRun('modprobe', ['br_netfilter']); // built in on some machines, and then no module
  await tryRun('sysctl', [
    '-qw',
    'net.bridge.bridge-nf-call-iptables=1',
    'net.bridge.bridge-nf-call-ip6tables=1',
  ]);
  await ensureFirewallRules(gatePorts(context.ports));
  const folder = cniFolder(context);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, '10-pods.conflist'),
    JSON.stringify(cniConfiguration(addressesFolder(context), await outerMtu()), null, 2),
  );
}

/** Pods get addresses from the second 256 on; below are the machine's own. */
export function cniConfiguration(dataDir: string, mtu: number | null): object {
  const ipam = {
    type: 'host-local',
    dataDir,
    ranges: [[{ subnet: POD_CIDR, rangeStart: '10.244.1.1', rangeEnd: '10.244.250.250' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  // masquerading is one rule for all pods (firewall.ts), not a chain for each
  const bridge = {
    type: 'bridge',
    bridge: POD_BRIDGE,
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    ...(mtu === null ? {} : { mtu }),
    ipam,
  };
  return {
    cniVersion: '1.0.0',
    name: CNI_NETWORK,
    plugins: [bridge, { type: 'portmap', capabilities: { portMappings: true } }],
  };
}

export function cniFolder(context: StackContext): string {
  return join(context.state, 'containerd', 'cni');
}

/**
 * The interface that has an address in the /16 of `address`, from the lines of `ip -o -4 addr
 * show`.
 */
export function interfaceIn(lines: string, address: string): string | null {
  const prefix = address.split('.').slice(0, 2).join('.');
  for (const line of lines.split('\n')) {
    const [, name, own] = /^\d+:\s+(\S+)\s+inet (\d+\.\d+)\./.exec(line) ?? [];
    if (name !== undefined && own === prefix) return name;
  }
  return null;
}

/**
 * Removes the bridge, the pods' interfaces on it and what was noted of their addresses. No pod may
 * run any more.
 */
export async function removePodBridge(context: StackContext): Promise<void> {
  const attached = (await tryRun('ip', ['-o', 'link', 'show', 'master', POD_BRIDGE])) ?? '';
  for (const match of attached.matchAll(/^\d+: (veth[0-9a-f]+)@/gm))
    await tryRun('ip', ['link', 'delete', match[1]!]);
  await tryRun('ip', ['link', 'delete', POD_BRIDGE]);
  rmSync(addressesFolder(context), { recursive: true, force: true });
  if (!existsSync(CNI_RESULTS)) return;
  for (const name of readdirSync(CNI_RESULTS))
    if (name.startsWith(`${CNI_NETWORK}-`)) rmSync(join(CNI_RESULTS, name), { force: true });
}

function addressesFolder(context: StackContext): string {
  return join(context.state, 'containerd', 'addresses');
}

/**
 * The size of a packet on the way out: pods that send larger ones wait for every first answer. Null
 * when the machine has no way out.
 */
async function outerMtu(): Promise<number | null> {
  const device = / dev (\S+)/.exec(
    (await tryRun('ip', ['-4', 'route', 'show', 'default'])) ?? '',
  )?.[1];
  return device === undefined ? null : Number(readFileSync(`/sys/class/net/${device}/mtu`, 'utf8'));
}
