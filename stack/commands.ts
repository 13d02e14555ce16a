import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { unmountUnder } from './mounts.ts';
import { inStartOrder } from './order.ts';
import { daemonRunning, runningDaemons, stopDaemon, supervisorPid } from './process.ts';
import { endsOf, restartsSaid } from './restarts.ts';
import type { StackContext } from './server.ts';
import { SERVERS } from './servers/index.ts';

/**
 * Stops in the reverse order of starting. One that cannot be stopped does not keep the others up.
 */
export async function down(context: StackContext, names: readonly string[]): Promise<void> {
  const faults: string[] = [];
  for (const server of inStartOrder(SERVERS).reverse()) {
    if (names.length > 0 && !names.includes(server.name)) continue;
    await server.stop(context).then(
      () => process.stdout.write(`${server.name.padEnd(10)} stopped\n`),
      (error: Error) => faults.push(`${server.name}: ${error.message}`),
    );
  }
  // started by another version of this checkout, under a name that this one does not know
  if (names.length === 0)
    for (const name of runningDaemons(context)) await stopDaemon(context, name);
  if (faults.length > 0) throw new Error(`Not everything could be stopped:\n${faults.join('\n')}`);
}

/**
 * Whether all are ready. Beside that: what ended by itself and was started again, how often and
 * why.
 */
export async function status(context: StackContext): Promise<boolean> {
  const states = await Promise.all(
    SERVERS.map((server) => server.ready(context).catch(() => false)),
  );
  SERVERS.forEach((server, index) =>
    process.stdout.write(
      `${states[index] ? '●' : '○'} ${server.name.padEnd(10)} ${states[index] ? 'ready' : 'not ready'}\n`,
    ),
  );
  const said = restarts(context);
  if (said.length > 0) process.stdout.write(`\n${said.join('\n')}\n`);
  return states.every(Boolean);
}

function restarts(context: StackContext): string[] {
  return runningDaemons(context)
    .sort()
    .flatMap(
      (name) =>
        restartsSaid(name, {
          running: daemonRunning(context, name),
          supervised: supervisorPid(context, name) !== null,
          ends: endsOf(context, name),
        }) ?? [],
    );
}

export function logs(context: StackContext, name: string, follow: boolean): void {
  const server = SERVERS.find((each) => each.name === name);
  if (!server)
    throw new Error(
      `There is no server "${name}". Known: ${SERVERS.map((each) => each.name).join(', ')}.`,
    );
  const files = server.logs(context).filter((file) => existsSync(file));
  if (files.length === 0) throw new Error(`${name} has no log yet: it was never started here.`);
  spawnSync('tail', ['-n', '80', ...(follow ? ['-F'] : []), ...files], { stdio: 'inherit' });
}

export async function reset(context: StackContext): Promise<void> {
  await down(context, []);
  await unmountUnder(context.state); // never delete through a mount
  rmSync(context.state, { recursive: true, force: true });
  process.stdout.write(
    'All data of this checkout was removed; `npm run stack -- up` starts anew.\n',
  );
}
