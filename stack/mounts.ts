import { readFileSync } from 'node:fs';
import { tryRun } from './run.ts';

/**
 * Mount points in the order of the mount table, which writes blanks and the like as octal numbers.
 */
export function mountPoints(table = readFileSync('/proc/self/mounts', 'utf8')): string[] {
  return table.split('\n').flatMap((line) => {
    const point = line.split(' ')[1];
    return point === undefined
      ? []
      : [
          point.replace(/\\([0-7]{3})/g, (_, code: string) =>
            String.fromCharCode(parseInt(code, 8)),
          ),
        ];
  });
}

/**
 * Takes away every mount at or under a folder, the newest first. Throws with the first that stays:
 * nobody may delete through it.
 */
export async function unmountUnder(folder: string): Promise<void> {
  const under = (): string[] =>
    mountPoints()
      .filter((point) => point === folder || point.startsWith(`${folder}/`))
      .reverse();
  for (const point of under()) {
    // busy means that a process of another mount namespace holds it: taken out of ours, it ends
    // with that process
    if ((await tryRun('umount', [point])) === null) await tryRun('umount', ['-l', point]);
  }
  const rest = under();
  if (rest.length > 0)
    throw new Error(
      `${rest.length} mounts could not be taken away, the first is ${rest[0]}. Look who holds it: fuser -vm ${rest[0]}`,
    );
}
