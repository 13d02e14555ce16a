import { spawnSync } from 'node:child_process';

/**
 * What stands around the child. The kernel's part is made by `unshare`, `mount`, `setpriv` and `prlimit` of util-linux: namespaces of
 * its own for users, network (without an interface), mounts (all read-only), processes and messages; no capability and no way to get
 * one; limits on processor time, files and what they may grow to (nothing). Works for root, and for others where the system lets them
 * make user namespaces; many container runtimes do not.
 */
export interface Sandbox {
  /** the words before the command */
  prefix(cpuSeconds: number): string[];
  /** null: all of it is in force */
  missing: string | null;
}

const MOUNTS_READ_ONLY = `
while read -r _ _ _ _ point _; do
  case "$point" in /dev|/dev/pts) continue;; esac
  mount -o remount,bind,ro "$(printf '%b' "$point")" || exit 90
done < /proc/self/mountinfo
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- "$@"`;
const NAMESPACES = ['unshare', '--user', '--map-root-user', '--net', '--mount', '--ipc', '--uts', '--pid', '--fork', '--kill-child', '--', 'sh', '-c', MOUNTS_READ_ONLY, 'sandbox'];
const OPEN_FILES = 1024;
const TRIAL_MS = 10_000;

/** Dies with the bridge, also when that is killed. */
const limits = (cpuSeconds: number): string[] => ['setpriv', '--pdeathsig', 'KILL', '--', 'prlimit', `--cpu=${cpuSeconds}`, '--core=0', '--fsize=0', `--nofile=${OPEN_FILES}`, '--'];

let found: Sandbox | undefined;

/** The most that this machine allows, tried once. */
export function sandbox(): Sandbox {
  found ??= process.platform === 'linux' ? findOut() : { prefix: () => [], missing: 'Only Linux can cut the scanner off from network and files.' };
  return found;
}

function findOut(): Sandbox {
  const full = trial([...limits(60), ...NAMESPACES]);
  if (full === null) return { prefix: (cpuSeconds) => [...limits(cpuSeconds), ...NAMESPACES], missing: null };
  const why = `The scanner is not cut off from network and files by the kernel: ${full}.`;
  const less = trial(limits(60));
  return less === null ? { prefix: limits, missing: why } : { prefix: () => [], missing: `${why} Nor are processor time and file sizes limited: ${less}.` };
}

/** null: it works */
function trial(prefix: string[]): string | null {
  const { status, error, stderr } = spawnSync(prefix[0]!, [...prefix.slice(1), 'true'], { encoding: 'utf8', timeout: TRIAL_MS, env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } });
  if (status === 0) return null;
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `ended with ${status}`);
}

/** Node's own barrier inside of the process: no writing, no native addons, no threads. Beside the kernel's, or in its place. */
export function nodeFlags(): string[] {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  // hadolint is a process of its own
  return [flag, '--allow-fs-read=*', '--allow-child-process', '--no-warnings'];
}
