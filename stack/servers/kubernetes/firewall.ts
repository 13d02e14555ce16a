import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { run, tryRun } from '../../run.ts';
import { POD_CIDR } from '../../server.ts';
import { CNI_NETWORK, POD_BRIDGE } from './pod-network.ts';

const COMMENT = 'creativeflow pods';
const FAMILIES = ['iptables', 'ip6tables'] as const;
/** Made by every kubelet of a machine and shared by them. */
const KUBELET_CHAINS = ['KUBE-FIREWALL', 'KUBE-KUBELET-CANARY', 'KUBE-IPTABLES-HINT', 'KUBE-MARK-DROP', 'KUBE-MARK-MASQ'];

type Rule = [table: string, chain: string, ...match: string[]];

/** What leaves the pod network bears this machine's address, and a machine that forwards nothing by default forwards for pods. */
const RULES: Rule[] = [
  ['nat', 'POSTROUTING', '-s', POD_CIDR, '!', '-d', POD_CIDR, '-m', 'comment', '--comment', COMMENT, '-j', 'MASQUERADE'],
  ['filter', 'FORWARD', '-i', POD_BRIDGE, '-m', 'comment', '--comment', COMMENT, '-j', 'ACCEPT'],
  ['filter', 'FORWARD', '-o', POD_BRIDGE, '-m', 'comment', '--comment', COMMENT, '-j', 'ACCEPT'],
];

export async function ensureFirewallRules(): Promise<void> {
  for (const [table, chain, ...match] of RULES) {
    if ((await tryRun('iptables', ['-w', '-t', table, '-C', chain, ...match])) === null) await run('iptables', ['-w', '-t', table, '-A', chain, ...match]);
  }
}

/** Which chains of Kubernetes may go: those that no other kube-proxy or kubelet of this machine uses. */
export type Removable = 'all' | 'not-the-kubelets' | 'none';

export async function removeFirewallRules(): Promise<void> {
  const removable = whatOthersLeave();
  for (const family of FAMILIES) {
    const saved = await tryRun(`${family}-save`, []);
    const script = saved === null ? '' : removalScript(saved, removable);
    if (script) await run(`${family}-restore`, ['--wait', '--noflush'], { input: script });
  }
}

/**
 * What to feed to `iptables-restore --noflush` so that of a saved rule set exactly the cluster's part goes: chains of
 * kube-proxy and kubelet, chains that the CNI plugins made for our network, our own rules, and every rule that jumps to
 * one of those chains. Empty when nothing of it is there.
 */
export function removalScript(saved: string, removable: Removable): string {
  const script: string[] = [];
  for (const table of saved.split(/^\*/m).slice(1)) {
    const lines = table.split('\n');
    const rules = lines.filter((line) => line.startsWith('-A '));
    const chains = lines.filter((line) => line.startsWith(':')).map((line) => line.slice(1).split(' ')[0]!);
    const doomed = new Set([...chains.filter((chain) => isKubernetes(chain, removable)), ...cniChains(rules, chains)]);
    const loose = rules.filter((rule) => !doomed.has(chainOf(rule)) && (doomed.has(targetOf(rule)) || isOurs(rule)));
    if (doomed.size === 0 && loose.length === 0) continue;
    script.push(`*${lines[0]}`, ...[...doomed].map((chain) => `:${chain} - [0:0]`), ...loose.map((rule) => rule.replace(/^-A/, '-D')), ...[...doomed].map((chain) => `-X ${chain}`), 'COMMIT', '');
  }
  return script.join('\n');
}

function isKubernetes(chain: string, removable: Removable): boolean {
  return chain.startsWith('KUBE-') && (removable === 'all' || (removable === 'not-the-kubelets' && !KUBELET_CHAINS.includes(chain)));
}

/** Chains that a rule with our network's name jumps to; the chains that all networks share, when no other network is left in them. */
function cniChains(rules: readonly string[], chains: readonly string[]): string[] {
  const own = rules.filter(isOurs).map(targetOf).filter((chain) => /^CNI-(DN-)?[0-9a-f]/.test(chain));
  const others = rules.some((rule) => chainOf(rule) === 'CNI-HOSTPORT-DNAT' && !isOurs(rule));
  const shared = own.some((chain) => chain.startsWith('CNI-DN-')) && !others ? chains.filter((chain) => chain.startsWith('CNI-HOSTPORT-')) : [];
  return [...new Set([...own, ...shared])];
}

function isOurs(rule: string): boolean {
  return rule.includes(`--comment "${COMMENT}"`) || rule.includes(`name: \\"${CNI_NETWORK}\\"`);
}

function chainOf(rule: string): string {
  return rule.split(' ')[1] ?? '';
}

function targetOf(rule: string): string {
  return / -[jg] (\S+)/.exec(rule)?.[1] ?? '';
}

/** Called when our own kubelet and kube-proxy have ended: any that is seen is somebody else's. */
function whatOthersLeave(): Removable {
  const programs = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 2).map((word) => basename(word));
    } catch {
      return []; // gone meanwhile
    }
  });
  if (programs.includes('kube-proxy')) return 'none';
  return programs.includes('kubelet') ? 'not-the-kubelets' : 'all';
}
