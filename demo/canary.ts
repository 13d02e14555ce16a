import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../bridge/src/contract/rollout.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { inProduction } from '../e2e/canary-pipeline.ts';
import { type Client, blank, digit, type Sample } from '../e2e/client.ts';
import { accepted, broughtToStaging, idsOf } from '../e2e/pipeline.ts';
import { step } from './steps.ts';

const SHARE = 20;
const STEPS: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: SHARE },
  {
    kind: 'judge',
    seconds: 3,
    minRequests: 5,
    maxErrorRate: 0.05,
    maxLatencyRatio: 20,
    maxRestarts: 0,
    tooLittle: 'wait',
    withinSeconds: 90,
    signal: null,
  },
  { kind: 'weight', percent: 100 },
];
const MEASURED = 50;
const DEADLINE_MS = 120_000;
const POLL_MS = 250;

/**
 * A next version gets a fifth of the traffic and is judged by it. Answers how it ended; prints what
 * the gateway really did.
 */
export async function canary(
  ada: Client,
  ben: Client,
  what: Sample,
  live: VersionDetail,
): Promise<VersionDetail> {
  const staged = await broughtToStaging(ada, ben, what);
  step(`ada uploaded ${staged.name}; it is scanned, approved and in staging`);
  await accepted(
    ben.act(idsOf(staged), 'promote', {
      target: 'production',
      strategy: 'canary',
      steps: STEPS,
      seen: staged.lockVersion,
      comment: 'demo',
    }),
  );
  await until(
    ben,
    staged,
    (version) => version.status !== 'PendingProdDeployment' || waitsForJudgement(version),
  );
  step(
    `ben promoted it as a canary with ${SHARE} % of the traffic`,
    `${MEASURED} calls at the gateway: ${told(await asked(ben, live, MEASURED))}`,
  );
  const traffic = new AbortController();
  const users = (async () => {
    while (!traffic.signal.aborted) await asked(ben, live, PICTURES);
  })();
  const ended = await until(
    ben,
    staged,
    ({ status }) => status === 'Live' || status === 'ProdFailed',
  ).finally(() => traffic.abort());
  await users;
  const verdict = ended.status === 'Live' ? 'judged good: live' : 'judged bad: aborted';
  step(
    verdict,
    `${ended.statusReason ?? judged(ended)}\n${MEASURED} calls at the gateway: ${told(await asked(ben, live, MEASURED))}`,
  );
  return ended;
}

/**
 * Every third is blank. No multiple of five: every fifth call goes to the new version, which would
 * get the same picture each time.
 */
const PICTURES = 3;

async function asked(
  client: Client,
  live: VersionDetail,
  times: number,
): Promise<Record<string, number>> {
  const by: Record<string, number> = {};
  for (let call = 0; call < times; call += 1) {
    const { status, body } = await client.infer(
      live.prodEndpointUrl!,
      live.model.name,
      call % PICTURES === 2 ? blank() : digit(),
    );
    const who =
      status === 200
        ? `answered by ${String((body as { model_version?: string }).model_version)}`
        : `failed with ${status}`;
    by[who] = (by[who] ?? 0) + 1;
  }
  return by;
}

const told = (by: Record<string, number>): string =>
  Object.entries(by)
    .map(([who, count]) => `${count} ${who}`)
    .join(', ');

const rolloutOf = (version: VersionDetail) => inProduction(version)?.observed?.rollout;
const waitsForJudgement = (version: VersionDetail): boolean =>
  rolloutOf(version)?.waitingFor === 'judgement';
const judged = (version: VersionDetail): string =>
  rolloutOf(version)
    ?.judgements.map(({ sentence }) => sentence)
    .join('\n') ?? '';

async function until(
  client: Client,
  version: VersionDetail,
  wanted: (now: VersionDetail) => boolean,
): Promise<VersionDetail> {
  for (const deadline = Date.now() + DEADLINE_MS; ;) {
    const now = await client.version(idsOf(version));
    if (wanted(now)) return now;
    await delay(POLL_MS);
    if (Date.now() > deadline)
      throw new Error(
        `${now.name} is ${now.status} after ${DEADLINE_MS / 1000} s: ${now.statusReason ?? ''}`,
      );
  }
}
