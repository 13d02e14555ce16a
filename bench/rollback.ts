/**
 * A blue-green promotion and rollbacks under a steady load of requests: how long after the click
 * the last request goes to the version that was left, and how many requests fail. The click is the
 * request to the bridge; requests go straight to the gateway, at a fixed rate, whether or not the
 * ones before are answered.
 *
 *   npx tsx bench/rollback.ts [--rounds 20] [--rate 200]
 *
 * Needs the running stack; leaves one small live version behind. Client, servers and pods share the
 * machine.
 */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, digit, sample } from '../e2e/client.ts';
import {
  LIVE_MS,
  accepted,
  broughtToStaging,
  idsOf,
  promote,
  unusedName,
} from '../e2e/pipeline.ts';
import { quantile } from './quantile.ts';
import { SteadyLoad } from './steady-load.ts';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, rate: { type: 'string', default: '200' } },
});
const SETTLE_MS = 1_500;
const name = unusedName('rollback');
const [ada, ben] = [await Client.as('ada'), await Client.as('ben')];

try {
  const first = await broughtToStaging(ada, ben, sample('digits', name));
  await promote(ben, first);
  await ben.reaches(idsOf(first), 'Live', LIVE_MS);
  const second = await broughtToStaging(ada, ben, sample('digits-v2', name));
  const load = new SteadyLoad(
    `${ada.facts.gatewayUrl}/endpoints/production/${name}/v2/models/${name}/infer`,
    digit(),
    Number(flags.rate),
  );
  await load.until((answers) => answers.length > Number(flags.rate));

  const promoted = Date.now();
  await promote(ben, second);
  await ben.reaches(idsOf(second), 'Live', LIVE_MS);
  await delay(SETTLE_MS);
  const switched = load.since(promoted);
  const rollbacks: number[] = [];
  let live = second;
  const begun = Date.now();
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    const other = live === second ? first : second;
    const seen = await ben.version(idsOf(live));
    const click = Date.now();
    await accepted(
      ben.act(idsOf(live), 'rollback', {
        target: 'production',
        seen: seen.lockVersion,
        reason: 'bench',
      }),
    );
    // asked by its traffic first: who polls Odoo meanwhile takes the time that is measured
    await load.until((answers) => answers.at(-1)?.by === `${name}-v${other.id}`);
    await ben.reaches(idsOf(other), 'Live', LIVE_MS);
    await delay(SETTLE_MS);
    const left = load.since(click).filter((answer) => answer.by === `${name}-v${live.id}`);
    rollbacks.push(Math.max(0, ...left.map((answer) => answer.sent - click)));
    console.error(`rollback ${round + 1}: ${rollbacks.at(-1)} ms`);
    live = other;
  }
  const during = load.since(begun);
  await load.stop();
  const took = during.map((answer) => answer.took);
  console.log(
    `load of the machine ${loadavg()[0]!.toFixed(1)}, ${flags.rate} requests a second, answered in ${quantile(took, 0.5)} ms (p99 ${quantile(took, 0.99)}: much more than that, and the load itself had to wait)\n\n| what | requests | failed | ms from the click to the last request at the version that was left: p50, p99, longest |\n|---|---|---|---|`,
  );
  console.log(
    `| blue-green promotion | ${switched.length} | ${switched.filter(({ status }) => status !== 200).length} | – |`,
  );
  console.log(
    `| ${rollbacks.length} rollbacks | ${during.length} | ${during.filter(({ status }) => status !== 200).length} | ${quantile(rollbacks, 0.5)}, ${quantile(rollbacks, 0.99)}, ${quantile(rollbacks, 1)} |`,
  );
} finally {
  await Promise.all([ada.close(), ben.close()]);
}
