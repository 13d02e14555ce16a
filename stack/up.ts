import { existsSync, readFileSync } from 'node:fs';
import { Listr } from 'listr2';
import { checkMachine, checkPorts } from './checks.ts';
import { inStartOrder } from './order.ts';
import { waitFor } from './process.ts';
import { lastLines } from './run.ts';
import type { Server, StackContext } from './server.ts';
import { SERVERS } from './servers/index.ts';
import { Timings } from './timings.ts';

/**
 * Brings up the named servers and what they need. Installs run beside each other; a server starts when what it
 * needs is ready. The first fault ends the command, with that server's last log lines.
 */
export async function up(context: StackContext, names: readonly string[]): Promise<void> {
  await checkMachine(context);
  const servers = inStartOrder(SERVERS, names);
  const timings = new Timings(context.state);
  const live = process.stdout.isTTY && !process.env['CI'];
  const begun = new Map<string, Promise<void>>();
  const begin = (server: Server, report: (text: string) => void): Promise<void> => {
    const known = begun.get(server.name);
    if (known) return known;
    const own = { ...context, report };
    const work = (async (): Promise<void> => {
      await server.install(own);
      report(`waiting for ${server.needs.join(', ')}`);
      await Promise.all(server.needs.map((need) => begun.get(need)));
      report('starting');
      await bringUp(own, server);
    })();
    work.catch(() => undefined); // told once, by the task below
    begun.set(server.name, work);
    return work;
  };
  const tasks = servers.map((server) => ({
    title: server.name,
    task: async (_: unknown, task: { title: string; output: string }): Promise<void> => {
      const from = Date.now();
      const report = (text: string): void => {
        if (live) task.output = text;
        else process.stdout.write(`  ${server.name}: ${text}\n`);
      };
      await begin(server, report).catch((error: Error) => {
        throw new Error(explain(context, server, error));
      });
      const took = Date.now() - from;
      task.title = `${server.name} (${timings.describe(server.name, took)})`;
      timings.record(server.name, took);
    },
  }));
  const list = new Listr(tasks, { concurrent: true, exitOnError: true, renderer: live ? 'default' : 'simple', rendererOptions: { collapseErrors: false } } as never);
  await list.run();
}

async function bringUp(context: StackContext, server: Server): Promise<void> {
  if (!(await server.ready(context).catch(() => false))) {
    await checkPortsUnlessOurs(context, server);
  }
  await server.start(context);
  await waitFor(`${server.name} being ready`, server.readyDeadlineMs, () => server.ready(context));
  await server.prepare?.(context);
}

/** A server of ours that is half up (started, not ready yet) holds its own ports. */
async function checkPortsUnlessOurs(context: StackContext, server: Server): Promise<void> {
  if (existsSync(`${context.state}/run/${server.name}.pid`) || server.name === 'kubernetes' || server.name === 'postgres') return;
  await checkPorts(context, server);
}

function explain(context: StackContext, server: Server, error: Error): string {
  const log = server.logs(context).find((file) => existsSync(file));
  const tail = log ? `\n--- the end of ${log}\n${lastLines(readFileSync(log, 'utf8'), 15)}` : '';
  return `${server.name} could not be brought up: ${error.message}${tail}\nTry: npm run stack -- logs ${server.name}, then npm run stack -- up again.`;
}
