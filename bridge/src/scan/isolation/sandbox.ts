import { spawnSync } from 'node:child_process';
import { ENTER } from './enter.ts';

interface Confinement {
  /**
   * all the child sees of the machine's files, besides programs and libraries: files and folders,
   * by absolute path
   */
  shown: readonly string[];
  cpuSeconds: number;
  /** what one process may write to in memory, in all */
  dataMegabytes: number;
}

/** What stands around the child. */
export interface Sandbox {
  /** the command, with the sandbox around it */
  around(command: readonly string[], confinement: Confinement): string[];
  /** null: all of it is in force */
  missing: string | null;
}

export const SANDBOX_ENVIRONMENT = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LANG: 'C.UTF-8',
  HOME: '/nonexistent',
};
const OPEN_FILES = 1024;
const PROCESSES = 256;
const TRIAL_MS = 10_000;
/** dies with the bridge, whatever ends that */
const WITH_PARENT = ['setpriv', '--pdeathsig=KILL', '--no-new-privs', '--'];

const limits = ({ cpuSeconds, dataMegabytes }: Confinement): string[] => [
  'prlimit',
  `--cpu=${cpuSeconds}`,
  '--core=0',
  '--fsize=0',
  `--nofile=${OPEN_FILES}`,
  `--nproc=${PROCESSES}`,
  `--data=${dataMegabytes * 1024 * 1024}`,
  '--',
];

const full: Sandbox = {
  around: (command, confinement) => [
    ...ENTER,
    ...confinement.shown,
    '--',
    ...limits(confinement),
    'setpriv',
    '--no-new-privs',
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--ambient-caps=-all',
    '--',
    ...command,
  ],
  missing: null,
};
const limited = (missing: string): Sandbox => ({
  around: (command, confinement) => [
    ...limits(confinement).filter((word) => !word.startsWith('--nproc')),
    ...WITH_PARENT,
    ...command,
  ],
  missing,
});
const none = (missing: string): Sandbox => ({ around: (command) => [...command], missing });

let found: Sandbox | undefined;

/** The most that this machine allows, tried once. */
export function sandbox(): Sandbox {
  found ??=
    process.platform === 'linux'
      ? findOut()
      : none('Only Linux can cut the scanner off from network and files.');
  return found;
}

function findOut(): Sandbox {
  const locked = trial(full);
  if (locked === null) return full;
  const why = `The scanner is not cut off from network and files by the kernel: ${locked}.`;
  const less = trial(limited(why));
  return less === null
    ? limited(why)
    : none(`${why} Nor are processor time and file sizes limited: ${less}.`);
}

/** null: Node starts in it. */
function trial(candidate: Sandbox): string | null {
  const command = [
    process.execPath,
    ...nodeFlags({ shown: [], startsPrograms: false }),
    '-p',
    '6 * 7',
  ];
  const [program, ...args] = candidate.around(command, {
    shown: [process.execPath],
    cpuSeconds: 60,
    dataMegabytes: 1024,
  });
  const { stdout, error, stderr, status } = spawnSync(program!, args, {
    encoding: 'utf8',
    timeout: TRIAL_MS,
    env: SANDBOX_ENVIRONMENT,
  });
  if (stdout?.trim() === '42') return null;
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `ended with ${status}`);
}

/**
 * Node's own barrier inside of the process: no writing, no native addons, no threads. Beside the
 * kernel's, or in its place.
 */
export function nodeFlags({
  shown,
  startsPrograms,
}: {
  shown: readonly string[];
  startsPrograms: boolean;
}): string[] {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  // a folder's name opens what is in it; a star would open what begins like it
  const reads = shown.map((place) => `--allow-fs-read=${place}`);
  return [flag, ...reads, ...(startsPrograms ? ['--allow-child-process'] : []), '--no-warnings'];
}
