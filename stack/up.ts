import { existsSync, readFileSync } from 'node:fs';
import { checkPorts } from './checks.ts';
import { inStartOrder } from './order.ts';
import { waitFor } from './process.ts';
import { showProgress, type Work } from './progress.ts';
import { lastLines } from './run.ts';
import type { Server, StackContext } from './server.ts';
import { SERVERS } from './servers/index.ts';
import { Timings } from './timings.ts';

/**
 * Brings up the named servers and what they need. Installs run beside each other; a server starts
 * when what it needs is ready. The first fault ends the command, with that server's last log lines.
 */
export async function up(context: StackContext, names: readonly string[]): Promise<void> {
  const timings = new Timings(context.state);
  const ready = new Map<string, Promise<string>>();
  const works: Work[] = [];
  for (const server of inStartOrder(SERVERS, names)) {
    const work: Work = { name: server.name, report: () => undefined, done: Promise.resolve('') };
    const own = { ...context, report: (text: string) => work.report(text) };
    const needed = server.needs.map((need) => ready.get(need)!);
    work.done = bringUp(own, server, needed, timings);
    work.done.catch(() => undefined); // told once, by whoever shows the progress
    ready.set(server.name, work.done);
    works.push(work);
  }
  await showProgress(works);
}

/**
 * Answers how long its own work took. A server whose need failed fails silently: the first fault is
 * the one that counts.
 */
async function bringUp(
  context: StackContext,
  server: Server,
  needed: readonly Promise<string>[],
  timings: Timings,
): Promise<string> {
  await new Promise(setImmediate); // whoever shows the progress listens now
  let worked = -performance.now();
  await server
    .install(context)
    .catch((error: Error) =>
      Promise.reject(new Error(`${server.name} could not be installed: ${error.message}`)),
    );
  worked += performance.now();
  if (needed.length > 0) context.report(`waiting for ${server.needs.join(', ')}`);
  await Promise.all(needed);
  worked -= performance.now();
  await startServer(context, server).catch((error: Error) =>
    Promise.reject(new Error(explain(context, server, error))),
  );
  worked += performance.now();
  return timings.record(server.name, worked);
}

async function startServer(context: StackContext, server: Server): Promise<void> {
  context.report('starting');
  if (!(await server.ready(context).catch(() => false))) await checkPorts(context, server);
  await server.start(context);
  await waitFor(`${server.name} being ready`, server.readyDeadlineMs, () => server.ready(context));
  await server.prepare?.(context);
}

function explain(context: StackContext, server: Server, error: Error): string {
  const log = server.logs(context).find((file) => existsSync(file));
  const tail = log ? `\n--- the end of ${log}\n${lastLines(readFileSync(log, 'utf8'), 15)}` : '';
  return `${server.name} could not be brought up: ${error.message}${tail}\nTry: npm run stack -- logs ${server.name}, then npm run stack -- up again.`;
}
