import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { type Client, digit } from './client.ts';
import { OdooEntrance } from './odoo.ts';
import { idsOf } from './road.ts';

const ROLLOUT_MS = 120_000;
const POLL_MS = 250;

/** Canaries with steps of one's own are for whoever manages the environment to allow. */
export async function allowCanaries(): Promise<void> {
  const mia = new OdooEntrance('mia');
  const environments = await mia.press<number[]>('mlops.environment', 'search', [[['kind', '=', 'production']]]);
  await mia.press('mlops.environment', 'write', [environments, { allow_canary: true, own_steps: true }]);
  await mia.close();
}

/** The newest deployment of a version to production. */
export function inProduction(version: VersionDetail): VersionDetail['deployments'][number] | undefined {
  return version.deployments.find((one) => one.environmentKind === 'production');
}

export async function rolloutWaits(by: Client, version: VersionDetail, what: string): Promise<VersionDetail> {
  const deadline = Date.now() + ROLLOUT_MS;
  for (;;) {
    const now = await by.version(idsOf(version));
    if (inProduction(now)?.observed?.rollout?.waitingFor === what) return now;
    if (Date.now() > deadline) throw new Error(`not waiting for ${what}: ${now.status} ${now.statusReason ?? ''} ${JSON.stringify(inProduction(now))}`);
    await delay(POLL_MS);
  }
}

/** Calls the live endpoint so many times, of which each must be answered; says which versions did. */
export async function whoAnswers(by: Client, live: VersionDetail, times: number): Promise<Record<string, number>> {
  const versions: Record<string, number> = {};
  for (let call = 0; call < times; call += 1) {
    const { status, body } = await by.infer(live.prodEndpointUrl!, live.model.name, digit());
    expect(status, JSON.stringify(body)).to.equal(200);
    const version = String((body as { model_version?: string }).model_version);
    versions[version] = (versions[version] ?? 0) + 1;
  }
  return versions;
}
