import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { random as randomOf } from '../../fakes/seeded-random.ts';
import { makeCase, type Case, type Route } from './grammar.ts';

interface Find {
  what: string;
  number: number;
  sent: string[];
}
export interface HttpOutcome {
  cases: number;
  finds: Find[];
}

const WAIT_MS = 150;
const AT_ONCE = 16;
const HEALTH_MS = 2_000;

/**
 * Damaged requests until time is up: nothing ends the process, hangs it, or is answered by 5xx but
 * 503.
 */
export async function httpCampaign(seconds: number, seed: number): Promise<HttpOutcome> {
  const random = randomOf(seed);
  const { child, ports } = await start();
  const routes = await routesOf(ports[0]!);
  const until = Date.now() + seconds * 1000;
  const finds: Find[] = [];
  let cases = 0;
  try {
    while (Date.now() < until && finds.length === 0) {
      const batch = Array.from({ length: AT_ONCE }, () => makeCase(random, routes));
      const answers = await Promise.all(
        batch.map((each) => send(ports[random() < 0.9 ? 0 : 1]!, each)),
      );
      const sent = batch.map(({ text }) => text);
      answers.forEach((status, n) => {
        if (status >= 500 && status !== 503)
          finds.push({ what: `answered ${status}`, number: cases + n, sent: [sent[n]!] });
      });
      cases += batch.length;
      if (child.exitCode !== null || child.signalCode !== null)
        finds.push({ what: 'the process ended', number: cases, sent });
      else if (!(await healthy(ports[0]!)))
        finds.push({ what: `no health within ${HEALTH_MS} ms`, number: cases, sent });
    }
  } finally {
    child.kill('SIGKILL');
  }
  return { cases, finds };
}

async function start(): Promise<{ child: ChildProcess; ports: number[] }> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', path.join(import.meta.dirname, 'listeners.ts')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, ports: JSON.parse(String(line)) as number[] };
}

/** The routes of the app's own document, and those beside it. */
async function routesOf(port: number): Promise<Route[]> {
  const document = (await fetch(`http://127.0.0.1:${port}/mlops/openapi.json`).then((answer) =>
    answer.json(),
  )) as any;
  const routes = Object.entries<any>(document.paths).flatMap(([where, operations]) =>
    Object.entries<any>(operations).map(([method, operation]) => {
      const named = JSON.stringify(operation.requestBody ?? {}).match(/schemas\/(\w+)/)?.[1] ?? '';
      return {
        method: method.toUpperCase(),
        path: where.replace(/\{\w+\}/g, '1'),
        fields: Object.keys(document.components.schemas[named]?.properties ?? {}),
      };
    }),
  );
  const beside = [
    '/mlops/ws?after=0',
    '/v2/',
    '/builds/1-1/context.tar',
    '/health/ready',
    '/mlops/uploads',
    '/mlops/uploads/1',
    '/mlops/models/upload',
  ];
  return [
    ...routes,
    ...beside.flatMap((each) =>
      ['GET', 'POST', 'PATCH'].map((method) => ({
        method,
        path: each,
        fields: ['metadata', 'uploads'],
      })),
    ),
  ];
}

/** The status of the first answer; 0 when there was none. */
function send(port: number, { text, ending }: Case): Promise<number> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(text, 'latin1', () => {
        if (ending === 'reset') socket.resetAndDestroy();
        if (ending === 'end') socket.end();
      });
    });
    const timer = setTimeout(() => socket.destroy(), WAIT_MS);
    socket.on('data', (chunk) => {
      heard += String(chunk);
      const status = /^HTTP\/1\.1 (?!1\d\d)(\d{3})/m.exec(heard);
      if (status) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Number(/^HTTP\/1\.1 (?!1\d\d)(\d{3})/m.exec(heard)?.[1] ?? 0));
    });
  });
}

function healthy(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health/live`, {
    signal: AbortSignal.timeout(HEALTH_MS),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
}
