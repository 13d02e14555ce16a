/**
 * From approval to Ready: a promotion to production (image built, new pods, smoke request, traffic switched, Odoo says Live) beside
 * `kubectl apply` + `kubectl rollout status` of the same Deployment and Service under another name, in the same round. And the
 * sample's whole road, from the first byte of the upload to Live, stop by stop.
 *
 *   npx tsx bench/delivery.ts [--rounds 5]
 *
 * Needs `npm run stack -- up`. Each round leaves one small live model behind.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { Client, sample } from '../e2e/client.ts';
import { LIVE_MS, SCAN_MS, STAGING_MS, accepted, approve, idsOf, unusedName, uploaded } from '../e2e/road.ts';
import { readStackFacts } from '../stack/facts.ts';

const { values: flags } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, strategy: { type: 'string', default: 'blue-green' } } });
const facts = readStackFacts();
const NAMESPACE = 'mlops-production';
const [ada, ben] = [await Client.as('ada'), await Client.as('ben')];
const ours: number[] = [];
const bare: number[] = [];
const roads: Record<string, number>[] = [];

for (let round = 0; round < Number(flags.rounds); round += 1) {
  const name = unusedName('bench');
  const started = performance.now();
  const since = (): number => performance.now() - started;
  const road: Record<string, number> = {};
  const ids = await uploaded(ada, sample('digits', name));
  road['uploaded'] = since();
  let version = await ben.reaches(ids, 'Validated', SCAN_MS);
  road['scanned'] = since();
  await approve(ben, version);
  version = await ben.reaches(ids, 'Staging', STAGING_MS);
  road['built and in staging'] = since();
  const promoted = performance.now();
  await accepted(ben.act(idsOf(version), 'promote', { target: 'production', strategy: flags.strategy, seen: version.lockVersion }));
  version = await live(version);
  ours.push(performance.now() - promoted);
  road['live'] = since();
  roads.push(road);
  bare.push(applyBare(name, version.id));
  console.error(`round ${round + 1}: ours ${(ours.at(-1)! / 1000).toFixed(2)} s, kubectl ${(bare.at(-1)! / 1000).toFixed(2)} s`);
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const seconds = (ms: number): string => (ms / 1000).toFixed(2);
console.log(`${flags.rounds} rounds, ${flags.strategy}\n\n| way | seconds (each round) | median | ratio of the medians |\n|---|---|---|---|`);
console.log(`| kubectl apply + rollout status | ${bare.map(seconds).join(', ')} | ${seconds(median(bare))} | 1 |`);
console.log(`| approval to Live | ${ours.map(seconds).join(', ')} | ${seconds(median(ours))} | ${(median(ours) / median(bare)).toFixed(2)} |`);
console.log('\n| stop of the road | seconds after the first byte (median) |\n|---|---|');
for (const stop of Object.keys(roads[0]!)) console.log(`| ${stop} | ${seconds(median(roads.map((one) => one[stop]!)))} |`);
await Promise.all([ada.close(), ben.close()]);

/** Asked often: what is measured is the road, not the asking. */
async function live(version: VersionDetail): Promise<VersionDetail> {
  return ben.reaches(idsOf(version), 'Live', LIVE_MS);
}

/** Milliseconds that the plain way takes with the objects that the bridge made, under other names; removes them. */
function applyBare(name: string, versionId: number): number {
  const copy = `${name}-bare`;
  const kept = kubectl(['get', 'deployment,service', '-n', NAMESPACE, '-o', 'json']);
  const { items } = JSON.parse(kept) as { items: { kind: string; metadata: Record<string, unknown>; spec: Record<string, unknown>; status?: unknown }[] };
  const mine = items.filter(({ metadata }) => metadata['name'] === `${name}-v${versionId}`);
  if (mine.length !== 2) throw new Error(`${name}-v${versionId} has ${mine.length} of Deployment and Service in ${NAMESPACE}.`);
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: mine.map(({ metadata, status: _status, ...rest }) => ({ ...rest, metadata: { name: copy, namespace: NAMESPACE, labels: metadata['labels'] }, spec: withoutAddresses(rest.spec) })) })
    .replaceAll(`${name}-v${versionId}`, copy);
  const start = performance.now();
  kubectl(['apply', '-f', '-'], text);
  kubectl(['rollout', 'status', `deployment/${copy}`, '-n', NAMESPACE, '--timeout=180s']);
  const took = performance.now() - start;
  kubectl(['delete', 'deployment,service', copy, '-n', NAMESPACE, '--wait=false']);
  return took;
}

function withoutAddresses({ clusterIP: _ip, clusterIPs: _ips, ...spec }: Record<string, unknown>): Record<string, unknown> {
  return spec;
}

function kubectl(args: string[], input?: string): string {
  const done = spawnSync(facts.kubectl, ['kubectl', ...args], { encoding: 'utf8', input, env: { ...process.env, KUBECONFIG: facts.adminKubeconfig }, maxBuffer: 64 * 1024 * 1024 });
  if (done.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}
