import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/**
 * CPU seconds so far of every process that a bench started, by the part it plays, and of the whole
 * machine.
 */
export interface CpuTimes {
  client: number;
  nginx: number;
  bridge: number;
  minio: number;
  machine: number;
}
export type Party = Exclude<keyof CpuTimes, 'client' | 'machine'>;
export const PARTIES = ['client', 'nginx', 'bridge', 'minio'] as const;

/**
 * The client is this process and whatever it ran and waited for (curl). nginx is its master and the
 * workers.
 */
export function cpuTimes(pids: Record<Party, number>): CpuTimes {
  const own = fields(process.pid);
  const times = {
    client: sum(own, [11, 12, 13, 14]),
    machine: machineSeconds(),
    nginx: 0,
    bridge: 0,
    minio: 0,
  };
  for (const [party, pid] of Object.entries(pids) as [Party, number][]) {
    for (const each of [pid, ...childrenOf(pid)]) times[party] += sum(fields(each), [11, 12]);
  }
  return times;
}

export function cpuBetween(from: CpuTimes, to: CpuTimes): CpuTimes {
  return Object.fromEntries(
    Object.entries(from).map(([party, before]) => [party, to[party as keyof CpuTimes] - before]),
  ) as unknown as CpuTimes;
}

/** What the rest of the machine took meanwhile: 0 on an idle one. */
export function cpuOfOthers(spent: CpuTimes): number {
  return spent.machine - PARTIES.reduce((total, party) => total + spent[party], 0);
}

function machineSeconds(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .split(/\s+/)
    .map(Number);
  return (user! + nice! + system! + irq! + softirq!) / TICKS_PER_SECOND;
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
}

/**
 * /proc/<pid>/stat behind the name: 11 and 12 are its own user and system time, 13 and 14 those of
 * ended children.
 */
function fields(pid: number): number[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').map(Number);
}
function sum(values: number[], at: number[]): number {
  return at.reduce((total, index) => total + values[index]!, 0) / TICKS_PER_SECOND;
}
