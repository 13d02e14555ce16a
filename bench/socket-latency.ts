/**
 * How long after Odoo's commit of a change everybody's socket has it, and a browser's page shows
 * it; beside it, in the same run, a bare LISTEN on PostgreSQL. The change is a version's status,
 * moved by Odoo itself; the time begins when the commit is ordered.
 *
 *   npx tsx bench/socket-latency.ts [--sockets 1000] [--changes 60] [--page-changes 60]
 *   [--processes 2]
 *
 * Needs the running stack. Uploads one sample and archives it at the end. The sockets belong to
 * four people, each socket with a session of its own, and go through nginx with TLS. Clients,
 * servers and browser share the machine.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, sample } from '../e2e/client.ts';
import { SCAN_MS, archive, unusedName, uploaded } from '../e2e/pipeline.ts';
import { quantile } from './quantile.ts';
import type { Ears, Heard } from './socket-latency-ears.ts';
import { startChanges, type Change, type Changes } from './socket-latency-changes.ts';
import { watchedPage } from './socket-latency-page.ts';
import { bareListen, type BareListen } from './socket-latency-listen.ts';
import { manySessions } from './socket-latency-sessions.ts';

const { values: flags } = parseArgs({
  options: {
    sockets: { type: 'string', default: '1000' },
    changes: { type: 'string', default: '60' },
    'page-changes': { type: 'string', default: '60' },
    processes: { type: 'string', default: '2' },
  },
});
const sockets = Number(flags.sockets);
/** whose sockets: those of the sample's company */
const PEOPLE = ['ada', 'ben', 'mia', 'vera'];
const PAUSE_MS = 250;
const HEARD_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'creativeflow-bench-'));
const ending: (() => Promise<unknown> | unknown)[] = [
  () => rmSync(folder, { recursive: true, force: true }),
];
try {
  await measure();
} finally {
  for (const end of ending.reverse()) await end();
}

async function measure(): Promise<void> {
  const people = await Promise.all(PEOPLE.map(Client.as));
  const [ada, , mia] = people as [Client, Client, Client, Client];
  ending.push(() => Promise.all(people.map((one) => one.close())));
  const ids = await uploaded(ada, sample('digits', unusedName('latency')));
  ending.push(() => archive(mia, ids));
  await ada.reaches(ids, 'Validated', SCAN_MS);

  const sessions = await manySessions(
    ada.facts,
    people.map((one) => one.cookie),
    sockets,
  );
  ending.push(sessions.end);
  const bare = await bareListen(ada.facts.outboxUrl);
  ending.push(bare.end);
  const changes = await startChanges(folder, ids.versionId, 'ben');
  ending.push(changes.end);
  const began = performance.now();
  const ears = await openEars(ada, sessions.cookies);
  ending.push(() => ears.forEach((one) => one.process.disconnect()));
  console.error(
    `${sockets} sockets open after ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );

  const load = [loadavg()[0]!];
  const toSockets = await eachChange(Number(flags.changes), changes, bare, async (change) =>
    (await Promise.all(ears.map((one) => one.heard(change.event)))).flat(),
  );
  load.push(loadavg()[0]!);
  console.log(
    `${sockets} sockets, load of the machine ${load.map((one) => one.toFixed(1)).join(' → ')}\n`,
  );
  console.log(
    '| from the commit to | changes | measurements | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|---|',
  );
  row('a bare LISTEN (reference)', toSockets.reference, toSockets.reference);
  row(`${sockets} sockets, each measurement`, toSockets.reference, toSockets.times.flat());
  row(
    'the last of them',
    toSockets.reference,
    toSockets.times.map((times) => Math.max(...times)),
  );
  if (Number(flags['page-changes']) === 0) return;

  const page = await watchedPage(ada, 'ada', ids);
  ending.push(page.close);
  const drawn: number[] = [];
  const toPage = await eachChange(Number(flags['page-changes']), changes, bare, async (change) => {
    const { changed, drawn: at } = await page.shows(change.status);
    drawn.push(at - change.at);
    return [changed];
  });
  row('a bare LISTEN, beside the page', toPage.reference, toPage.reference);
  row('the page has changed', toPage.reference, toPage.times.flat());
  row('the browser has drawn it', toPage.reference, drawn);
  console.log(`\nload at the end ${loadavg()[0]!.toFixed(1)}`);
}

/**
 * One change after the other, each when the one before was heard by all: times after the commit,
 * ms.
 */
async function eachChange(
  count: number,
  changes: Changes,
  bare: BareListen,
  heard: (change: Change) => Promise<number[]>,
): Promise<{ reference: number[]; times: number[][] }> {
  const result = { reference: [] as number[], times: [] as number[][] };
  for (let done = 0; done < count; done += 1) {
    const change = await changes.next();
    const all = await within(heard(change), `all hear event ${change.event}`);
    result.times.push(all.map((at) => at - change.at));
    result.reference.push(
      (await within(bare.heard(change.event), `the bare LISTEN hears event ${change.event}`)) -
        change.at,
    );
    // never in step with anything that runs by a clock
    await delay(PAUSE_MS * (0.5 + Math.random()));
  }
  return result;
}

interface EarsProcess {
  process: ChildProcess;
  heard(event: number): Promise<number[]>;
}

async function openEars({ facts }: Client, cookies: string[]): Promise<EarsProcess[]> {
  const count = Number(flags.processes);
  return Promise.all(
    Array.from({ length: count }, async (_, index): Promise<EarsProcess> => {
      const child = fork(join(import.meta.dirname, 'socket-latency-ears.ts'), {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const order: Ears = {
        url: `${facts.publicUrl.replace(/^https/, 'wss')}/mlops/ws`,
        origin: facts.publicUrl,
        caFile: facts.caFile,
        cookies: cookies.filter((_one, at) => at % count === index),
      };
      const known = new Map<number, number[]>();
      let waiting: { event: number; resolve: (times: number[]) => void } | undefined;
      const open = new Promise<void>((resolve, reject) => {
        child.once('exit', () => reject(new Error('a process with sockets has ended')));
        child.on('message', (message: Heard) => {
          if (message.type === 'open') resolve();
          if (message.type === 'closed') console.error(`a socket was closed: ${message.code}`);
          if (message.type !== 'heard') return;
          if (waiting?.event === message.event) waiting.resolve(message.times);
          else known.set(message.event, message.times);
        });
      });
      child.send(order);
      await open;
      return {
        process: child,
        heard: (event) =>
          new Promise((resolve) => {
            const times = known.get(event);
            known.clear();
            if (times) resolve(times);
            else waiting = { event, resolve };
          }),
      };
    }),
  );
}

function row(what: string, changes: number[], times: number[]): void {
  const at = (part: number): string => quantile(times, part).toFixed(1);
  console.log(`| ${[what, changes.length, times.length, at(0.5), at(0.99), at(1)].join(' | ')} |`);
}

async function within<T>(answer: Promise<T>, what: string): Promise<T> {
  const late = new AbortController();
  const deadline = delay(HEARD_MS, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error(`${what}: not within ${HEARD_MS / 1000} s`)),
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    late.abort();
  }
}
