import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { unmountUnder } from '../mounts.ts';
import { run, tryRun } from '../run.ts';
import type { StackContext } from '../server.ts';

const STEP_DEADLINE_MS = 15 * 60_000;

/** A folder to make images in, with a storage for buildah of its own. Nothing of it is kept. */
export interface Workshop {
  folder: string;
  buildah(args: readonly string[]): Promise<string>;
}

/** Lends a workshop and clears it away, also the one that a killed run left. */
export async function inWorkshop(
  context: StackContext,
  work: (workshop: Workshop) => Promise<void>,
): Promise<void> {
  const parent = join(context.cache, 'images');
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const pid = /^work\.(\d+)$/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) await clear(join(parent, name));
  }
  const folder = join(parent, `work.${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    const driver = await storageDriver(folder);
    await work({
      folder,
      buildah: (args) =>
        run('buildah', [...storage(folder, driver), ...args], { deadlineMs: STEP_DEADLINE_MS }),
    });
  } finally {
    await clear(folder);
  }
}

/** overlay copies nothing; where the file system underneath refuses it, vfs works everywhere. */
async function storageDriver(folder: string): Promise<'overlay' | 'vfs'> {
  const container = (
    await tryRun('buildah', [...storage(folder, 'overlay'), 'from', 'scratch'])
  )?.trim();
  const works =
    container !== undefined &&
    (await tryRun('buildah', [...storage(folder, 'overlay'), 'mount', container])) !== null;
  if (works) await run('buildah', [...storage(folder, 'overlay'), 'rm', container]);
  return works ? 'overlay' : 'vfs';
}

function storage(folder: string, driver: string): string[] {
  return [
    '--storage-driver',
    driver,
    '--root',
    join(folder, driver, 'root'),
    '--runroot',
    join(folder, driver, 'run'),
  ];
}

async function clear(folder: string): Promise<void> {
  await unmountUnder(folder);
  rmSync(folder, { recursive: true, force: true });
}
