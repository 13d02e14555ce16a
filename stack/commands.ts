import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { unmountUnder } from './mounts.ts';
import { inStartOrder } from './order.ts';
import type { StackContext } from './server.ts';
import { SERVERS } from './servers/index.ts';

/** Stops in the reverse order of starting. One that cannot be stopped does not keep the others up. */
export async function down(context: StackContext, names: readonly string[]): Promise<void> {
  const faults: string[] = [];
  for (const server of inStartOrder(SERVERS).reverse()) {
    if (names.length > 0 && !names.includes(server.name)) continue;
    await server.stop(context).then(
      () => process.stdout.write(`${server.name.padEnd(10)} stopped\n`),
      (error: Error) => faults.push(`${server.name}: ${error.message}`),
    );
  }
  if (faults.length > 0) throw new Error(`Not everything could be stopped:\n${faults.join('\n')}`);
}

/** Whether all are ready. */
export async function status(context: StackContext): Promise<boolean> {
  const states = await Promise.all(SERVERS.map((server) => server.ready(context).catch(() => false)));
  SERVERS.forEach((server, index) => process.stdout.write(`${states[index] ? '●' : '○'} ${server.name.padEnd(10)} ${states[index] ? 'ready' : 'not ready'}\n`));
  return states.every(Boolean);
}

export function logs(context: StackContext, name: string, follow: boolean): void {
  const server = SERVERS.find((each) => each.name === name);
  if (!server) throw new Error(`There is no server "${name}". Known: ${SERVERS.map((each) => each.name).join(', ')}.`);
  const files = server.logs(context).filter((file) => existsSync(file));
  if (files.length === 0) throw new Error(`${name} has no log yet: it was never started here.`);
  spawnSync('tail', ['-n', '80', ...(follow ? ['-F'] : []), ...files], { stdio: 'inherit' });
}

export async function reset(context: StackContext): Promise<void> {
  await down(context, []);
  await unmountUnder(context.state); // never delete through a mount
  rmSync(context.state, { recursive: true, force: true });
  process.stdout.write('All data of this checkout was removed; `npm run stack -- up` starts anew.\n');
}
