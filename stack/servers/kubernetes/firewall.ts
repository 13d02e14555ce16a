import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { run, tryRun } from '../../run.ts';
import { POD_BRIDGE_ADDRESS, POD_CIDR } from '../../server.ts';
import { CNI_NETWORK, POD_BRIDGE } from './pod-names.ts';

const COMMENT = 'creativeflow pods';
const FAMILIES = ['iptables', 'ip6tables'] as const;
/** Made by every kubelet of a machine and shared by them. */
const KUBELET_CHAINS = [
  'KUBE-FIREWALL',
  'KUBE-KUBELET-CANARY',
  'KUBE-IPTABLES-HINT',
  'KUBE-MARK-DROP',
  'KUBE-MARK-MASQ',
];

/** Made by whoever enforces NetworkPolicies. */
const POLICY_CHAINS = /^KUBE-(POD-FW|NWPLCY|ROUTER)-/;

type Rule = [table: string, chain: string, ...match: string[]];
type Family = (typeof FAMILIES)[number];

const SAID: string[] = ['-m', 'comment', '--comment', COMMENT];
const BELONGING: string[] = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED'];
const FROM_PODS: string[] = ['-i', POD_BRIDGE];
const TO_PODS: string[] = ['-o', POD_BRIDGE];

/**
 * What leaves the pod network bears this machine's address. Who enforces NetworkPolicies accepts
 * what they allow, in front of these rules; what comes past them belongs to a connection, or to a
 * pod that it has not seen yet, whose packets are dropped: a pod waits for the network until its
 * policies are in force. Of this machine pods reach the bridge's listener for them, and nothing
 * else, whatever a policy allows; that is said in a table of its own, ahead of who accepts. Pods
 * have no IPv6.
 */
export function firewallRules(family: Family, gatePorts: string): Rule[] {
  const closed: Rule[] = [
    ['filter', 'FORWARD', ...FROM_PODS, ...SAID, '-j', 'DROP'],
    ['filter', 'FORWARD', ...TO_PODS, ...SAID, '-j', 'DROP'],
  ];
  const machine: Rule = ['mangle', 'INPUT', ...FROM_PODS, ...SAID, '-j', 'DROP'];
  if (family === 'ip6tables') return [...closed, machine];
  const gate = ['-d', `${POD_BRIDGE_ADDRESS}/32`, '-p', 'tcp', '-m', 'tcp', '--dport', gatePorts];
  return [
    ['nat', 'POSTROUTING', '-s', POD_CIDR, '!', '-d', POD_CIDR, ...SAID, '-j', 'MASQUERADE'],
    ['filter', 'FORWARD', ...FROM_PODS, ...BELONGING, ...SAID, '-j', 'ACCEPT'],
    ['filter', 'FORWARD', ...TO_PODS, ...BELONGING, ...SAID, '-j', 'ACCEPT'],
    ...closed,
    ['mangle', 'INPUT', ...FROM_PODS, ...BELONGING, ...SAID, '-j', 'ACCEPT'],
    ['mangle', 'INPUT', ...FROM_PODS, ...gate, ...SAID, '-j', 'ACCEPT'],
    machine,
  ];
}

/** Puts the rules in the place of those that an earlier start made, each table in one step. */
export async function ensureFirewallRules(gatePorts: string): Promise<void> {
  for (const family of FAMILIES) {
    const saved = await tryRun(`${family}-save`, []);
    if (saved === null && family === 'ip6tables') continue; // a machine without IPv6
    await run(`${family}-restore`, ['--wait', '--noflush'], {
      input: replacement(saved ?? '', firewallRules(family, gatePorts)),
    });
  }
}

/**
 * What to feed to `iptables-restore --noflush` so that our own rules are these ones, in this order.
 */
export function replacement(saved: string, rules: readonly Rule[]): string {
  const old = saved
    .split(/^\*/m)
    .slice(1)
    .map((text) => {
      const [table = '', ...lines] = text.split('\n');
      return {
        table,
        lines: lines.filter(
          (line) => line.startsWith('-A ') && line.includes(`--comment "${COMMENT}"`),
        ),
      };
    });
  const tables = new Set([
    ...rules.map(([table]) => table),
    ...old.filter(({ lines }) => lines.length > 0).map(({ table }) => table),
  ]);
  return [...tables]
    .map((table) =>
      [
        `*${table}`,
        ...old
          .filter((one) => one.table === table)
          .flatMap(({ lines }) => lines.map((line) => line.replace(/^-A/, '-D'))),
        ...rules
          .filter(([of]) => of === table)
          .map(
            ([, chain, ...match]) =>
              `-A ${chain} ${match.map((word) => (word === COMMENT ? `"${word}"` : word)).join(' ')}`,
          ),
        'COMMIT',
        '',
      ].join('\n'),
    )
    .join('');
}

/**
 * Which chains of Kubernetes may go: those that no other kube-proxy or kubelet of this machine
 * uses.
 */
export type Removable = 'all' | 'not-the-kubelets' | 'none';

/** Called when our own parts of the cluster have ended: any that is seen is somebody else's. */
export async function removeFirewallRules(): Promise<void> {
  const others = programs();
  const removable = others.includes('kube-proxy')
    ? 'none'
    : others.includes('kubelet')
      ? 'not-the-kubelets'
      : 'all';
  const policies = !others.some(
    (program) => program === 'kube-router' || program.startsWith('network-policies-v'),
  );
  for (const family of FAMILIES) {
    const saved = await tryRun(`${family}-save`, []);
    const script = saved === null ? '' : removalScript(saved, removable, policies);
    if (script) await run(`${family}-restore`, ['--wait', '--noflush'], { input: script });
  }
  if (policies)
    for (const set of policySets((await tryRun('ipset', ['list', '-n'])) ?? ''))
      await tryRun('ipset', ['destroy', set]);
}

/** Of all sets of addresses those that NetworkPolicies were made into. */
export function policySets(names: string): string[] {
  return names.split('\n').filter((name) => /^(inet6:)?(KUBE-SRC-|KUBE-DST-)/.test(name));
}

/**
 * What to feed to `iptables-restore --noflush` so that of a saved rule set exactly the cluster's
 * part goes: chains of kube-proxy, kubelet and NetworkPolicies, chains that the CNI plugins made
 * for our network, our own rules, and every rule that jumps to one of those chains. Empty when
 * nothing of it is there.
 */
export function removalScript(
  saved: string,
  removable: Removable,
  policies = removable === 'all',
): string {
  const script: string[] = [];
  for (const table of saved.split(/^\*/m).slice(1)) {
    const lines = table.split('\n');
    const rules = lines.filter((line) => line.startsWith('-A '));
    const chains = lines
      .filter((line) => line.startsWith(':'))
      .map((line) => line.slice(1).split(' ')[0]!);
    const doomed = new Set([
      ...chains.filter((chain) => isKubernetes(chain, removable, policies)),
      ...cniChains(rules, chains),
    ]);
    const loose = rules.filter(
      (rule) => !doomed.has(chainOf(rule)) && (doomed.has(targetOf(rule)) || isOurs(rule)),
    );
    if (doomed.size === 0 && loose.length === 0) continue;
    script.push(
      `*${lines[0]}`,
      ...[...doomed].map((chain) => `:${chain} - [0:0]`),
      ...loose.map((rule) => rule.replace(/^-A/, '-D')),
      ...[...doomed].map((chain) => `-X ${chain}`),
      'COMMIT',
      '',
    );
  }
  return script.join('\n');
}

function isKubernetes(chain: string, removable: Removable, policies: boolean): boolean {
  if (POLICY_CHAINS.test(chain)) return policies;
  return (
    chain.startsWith('KUBE-') &&
    (removable === 'all' || (removable === 'not-the-kubelets' && !KUBELET_CHAINS.includes(chain)))
  );
}

/**
 * Chains that a rule with our network's name jumps to; the chains that all networks share, when no
 * other network is left in them.
 */
function cniChains(rules: readonly string[], chains: readonly string[]): string[] {
  const own = rules
    .filter(isOurs)
    .map(targetOf)
    .filter((chain) => /^CNI-(DN-)?[0-9a-f]/.test(chain));
  const others = rules.some((rule) => chainOf(rule) === 'CNI-HOSTPORT-DNAT' && !isOurs(rule));
  const shared =
    own.some((chain) => chain.startsWith('CNI-DN-')) && !others
      ? chains.filter((chain) => chain.startsWith('CNI-HOSTPORT-'))
      : [];
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

/**
 * The first two words of each process, without their folders: `kube-v1.34.4 kubelet` is seen as
 * both.
 */
function programs(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
          .split('\0')
          .slice(0, 2)
          .map((word) => basename(word));
      } catch {
        return []; // gone meanwhile
      }
    });
}
