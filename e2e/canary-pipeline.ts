import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Step } from '../bridge/src/contract/rollout.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { type Client, digit } from './client.ts';
import { OdooEntrance } from './odoo.ts';
import { idsOf } from './pipeline.ts';

const ROLLOUT_MS = 120_000;
const POLL_MS = 250;

/** Half of the traffic, and then it waits for a person. */
export const HALF_UNTIL_APPROVED: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 50 },
  { kind: 'approve', withinSeconds: 600 },
  { kind: 'weight', percent: 100 },
];

/**
 * Canaries with steps of one's own loosen production: one manager asks for them, another accepts.
 */
export async function allowCanaries(): Promise<void> {
  const [mia, admin] = [new OdooEntrance('mia'), new OdooEntrance('admin')];
  const environments = await mia.press<number[]>('mlops.environment', 'search', [
    [['kind', '=', 'production']],
  ]);
  await mia.press('mlops.environment', 'write', [
    environments,
    { allow_canary: true, own_steps: true, policy_reason: 'Canaries are tried out' },
  ]);
  const waiting = await admin.press<{ id: number }[]>('mlops.policy.change', 'search_read', [
    [
      ['state', '=', 'requested'],
      ['requested_by_id.login', '=', 'mia'],
    ],
    ['id'],
  ]);
  for (const { id } of waiting) await admin.press('mlops.policy.change', 'accept', [id]);
  await Promise.all([mia.close(), admin.close()]);
}

/** The newest deployment of a version to production. */
export function inProduction(
  version: VersionDetail,
): VersionDetail['deployments'][number] | undefined {
  return version.deployments.find((one) => one.environmentKind === 'production');
}

export async function rolloutWaits(
  by: Client,
  version: VersionDetail,
  what: string,
): Promise<VersionDetail> {
  const deadline = Date.now() + ROLLOUT_MS;
  for (;;) {
    const now = await by.version(idsOf(version));
    if (inProduction(now)?.observed?.rollout?.waitingFor === what) return now;
    if (Date.now() > deadline)
      throw new Error(
        `not waiting for ${what}: ${now.status} ${now.statusReason ?? ''} ${JSON.stringify(inProduction(now))}`,
      );
    await delay(POLL_MS);
  }
}

/**
 * Calls the live endpoint so many times, of which each must be answered; says which versions did.
 */
export async function whoAnswers(
  by: Client,
  live: VersionDetail,
  times: number,
): Promise<Record<string, number>> {
  const versions: Record<string, number> = {};
  for (let call = 0; call < times; call += 1) {
    const { status, body } = await by.infer(live.prodEndpointUrl!, live.model.name, digit());
    expect(status, JSON.stringify(body)).to.equal(200);
    const version = String((body as { model_version?: string }).model_version);
    versions[version] = (versions[version] ?? 0) + 1;
  }
  return versions;
}
