/**
 * From an approval to Ready (new pods, smoke request, traffic switched, Odoo says so, heard on a
 * socket) beside `kubectl apply` and `kubectl rollout status` of the same manifests in a namespace
 * of its own, in the same round. And the sample's whole road, from the first byte of the upload to
 * Live, stop by stop.
 *
 *   npx tsx bench/delivery.ts [--roads 3] [--rounds 7]
 *
 * A road is one version uploaded, scanned, built, staged and promoted. A round approves one of
 * these again for staging: its image is built, none of its pods is there. Needs the running stack;
 * leaves one small live version behind.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Client } from '../e2e/client.ts';
import { archive, unusedName } from '../e2e/pipeline.ts';
import { PlainKubectl, settled } from './delivery-kubectl.ts';
import { News } from './delivery-news.ts';
import { Traveller, type Road, type Took } from './delivery-road.ts';

const { values: flags } = parseArgs({
  options: { roads: { type: 'string', default: '3' }, rounds: { type: 'string', default: '7' } },
});
if (Number(flags.roads) < 3)
  throw new Error('Rounds need two versions that are not live: at least three roads.');
const name = unusedName('delivery');
const kubectl = new PlainKubectl(`bench-${name}`);
const [ada, ben, mia] = [await Client.as('ada'), await Client.as('ben'), await Client.as('mia')];
const news = await News.of(ben);
const traveller = new Traveller(ada, ben, news);
interface Beside extends Took {
  kubectl: number;
  load: number;
}

try {
  await kubectl.prepare();
  const [roads, promotions, rounds]: [Road[], Beside[], Beside[]] = [[], [], []];
  for (let number = 1; number <= Number(flags.roads); number += 1) {
    const road = await traveller.goAll(name, `${number}.0.0`, () =>
      settled('mlops-staging', `creativeflow.io/model=${name}`),
    );
    roads.push(road);
    console.error(
      `road ${number}: ${road.stops.map(([what, seconds]) => `${what} ${seconds.toFixed(1)} s`).join(', ')}`,
    );
    await settled('mlops-production', `creativeflow.io/model=${name}`);
    const manifests = await kubectl.manifests(
      'mlops-production',
      `${name}-v${road.ids.versionId}`,
      name,
    );
    promotions.push(await beside(() => Promise.resolve(road.promotion), manifests, true));
  }
  const known = new Map<number, Awaited<ReturnType<PlainKubectl['manifests']>>>();
  for (let round = 1; round <= Number(flags.rounds); round += 1) {
    const { ids } = roads[round % 2]!;
    const first = !known.has(ids.versionId); // its manifests are had from its first deployment
    rounds.push(
      await beside(
        async () => {
          const took = await traveller.toStaging(ids);
          await settled('mlops-staging', `creativeflow.io/model=${name}`);
          if (first)
            known.set(
              ids.versionId,
              await kubectl.manifests('mlops-staging', `${name}-v${ids.versionId}`, name),
            );
          return took;
        },
        () => known.get(ids.versionId)!,
        first || round % 2 === 0,
      ),
    );
    console.error(`round ${round}: ${JSON.stringify(rounds.at(-1))}`);
  }
  tell(roads, promotions, rounds);
  for (const { ids } of roads.slice(0, 2))
    await archive(mia, ids).catch((error: Error) => console.error(error.message));
} finally {
  news.close();
  await Promise.all([ada.close(), ben.close(), mia.close(), kubectl.end()]);
}

type Manifests = Parameters<PlainKubectl['deploy']>[0];

/** Both ways, one after the other; who begins changes from round to round. */
async function beside(
  ours: () => Promise<Took>,
  manifests: Manifests | (() => Manifests),
  oursFirst: boolean,
): Promise<Beside> {
  const load = loadavg()[0]!;
  const before = oursFirst ? await ours() : undefined;
  const seconds = await kubectl.deploy(typeof manifests === 'function' ? manifests() : manifests);
  await kubectl.remove();
  return { ...(before ?? (await ours())), kubectl: seconds, load };
}

function tell(roads: Road[], promotions: Beside[], rounds: Beside[]): void {
  console.log(
    '| what | kubectl s | from the request s | ratio (median of the rounds) | from the 202 s | ratio | load |\n|---|---|---|---|---|---|---|',
  );
  for (const [what, each] of [
    ['approval → Ready in staging', rounds],
    ['promotion → Live, blue-green', promotions],
  ] as const) {
    const of = (pick: (one: Beside) => number): string =>
      `${median(each.map(pick)).toFixed(2)} (${each.map((one) => pick(one).toFixed(1)).join(', ')})`;
    const ratio = (pick: (one: Beside) => number): string =>
      median(each.map((one) => pick(one) / one.kubectl)).toFixed(2);
    console.log(
      `| ${[what, of((one) => one.kubectl), of((one) => one.fromRequest), ratio((one) => one.fromRequest), of((one) => one.fromAnswer), ratio((one) => one.fromAnswer), each.map((one) => one.load.toFixed(0)).join(', ')].join(' | ')} |`,
    );
  }
  console.log('\n| stop | seconds (median) | each road |\n|---|---|---|');
  const names = roads[0]!.stops.map(([stop]) => stop);
  const all = [
    ...names.map((stop, at) => [stop, roads.map((road) => road.stops[at]![1])] as const),
    [
      'together',
      roads.map((road) => road.stops.reduce((sum, [, seconds]) => sum + seconds, 0)),
    ] as const,
  ];
  for (const [stop, each] of all)
    console.log(
      `| ${stop} | ${median(each).toFixed(1)} | ${each.map((one) => one.toFixed(1)).join(', ')} |`,
    );
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}
