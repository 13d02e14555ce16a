import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * Every container of the local cluster is below this cgroup, so that none can be missed when the
 * cluster ends.
 */
export const CGROUP = '/creativeflow';
const ROOT = '/sys/fs/cgroup';

/** Makes the cgroup in every hierarchy (version 1) or in the one there is (version 2). */
export function ensureCgroup(): void {
  if (isUnified()) {
    for (const controller of readFileSync(join(ROOT, 'cgroup.controllers'), 'utf8')
      .trim()
      .split(' ')) {
      try {
        writeFileSync(join(ROOT, 'cgroup.subtree_control'), `+${controller}`);
      } catch {
        // a controller that cannot be shared out here; the kubelet names it when it needs it
      }
    }
  }
  for (const folder of hierarchies()) {
    mkdirSync(join(folder, CGROUP), { recursive: true });
    // version 1 gives a new cpuset no processor and no memory, and lets no process in without
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const own = join(folder, CGROUP, file);
      if (!isUnified() && existsSync(own) && readFileSync(own, 'utf8').trim() === '')
        writeFileSync(own, readFileSync(join(folder, file), 'utf8'));
    }
  }
}

/** Ids of all processes below the cgroup. */
export function cgroupProcesses(): number[] {
  const pids = hierarchies()
    .flatMap((folder) => below(join(folder, CGROUP)))
    .flatMap((folder) => {
      try {
        return readFileSync(join(folder, 'cgroup.procs'), 'utf8')
          .split('\n')
          .filter(Boolean)
          .map(Number);
      } catch {
        return []; // removed meanwhile
      }
    });
  return [...new Set(pids)].filter((pid) => pid > 0);
}

/** Removes the cgroup and everything below it. Processes in it must be gone. */
export function removeCgroup(): void {
  for (const folder of hierarchies().flatMap((hierarchy) => below(join(hierarchy, CGROUP)))) {
    try {
      rmdirSync(folder);
    } catch {
      // the kernel lets go of an ended process a moment later; an empty cgroup harms nobody and is
      // used again
    }
  }
}

function isUnified(): boolean {
  return existsSync(join(ROOT, 'cgroup.controllers'));
}

function hierarchies(): string[] {
  if (isUnified()) return [ROOT];
  if (!existsSync(ROOT)) return [];
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(ROOT, entry.name));
}

/** The folder and those in it, the innermost first. */
function below(folder: string): string[] {
  try {
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    return [...inner.flatMap((entry) => below(join(folder, entry.name))), folder];
  } catch {
    return [];
  }
}
