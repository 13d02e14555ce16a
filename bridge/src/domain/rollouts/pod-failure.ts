import type { ContainerObserved, PodObserved, RevisionObserved } from './revision.ts';

/**
 * Why a pod does not serve. `fatal`: waiting will not mend it, so the rollout need not use up its
 * deadline.
 */
export interface PodFailure {
  reason: string;
  message: string;
  fatal: boolean;
}

const GIVE_UP_PULLING_MS = 45_000;
const GIVE_UP_SCHEDULING_MS = 60_000;
/**
 * The third crash in a row: the first may be a race at start, and the back-off before the fourth is
 * already 20 s.
 */
const GIVE_UP_RESTARTS = 2;
const CANNOT_START = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'InvalidImageName',
  'ErrImageNeverPull',
]);
const PULLING = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'RegistryUnavailable',
  'ImageInspectError',
]);
const PULL_IS_HOPELESS =
  /not found|manifest unknown|unauthorized|denied|no such host|invalid reference/i;

/**
 * The first thing that keeps a revision from being ready, the fatal before the rest; null when
 * nothing is known to be wrong.
 */
export function explainRevision(revision: RevisionObserved, now: Date): PodFailure | null {
  if (revision.creationFailure !== null) return creationFailure(revision.creationFailure);
  const failures = revision.pods
    .filter((pod) => !pod.ready && !pod.terminating)
    .map((pod) => explainPod(pod, now))
    .filter((failure) => failure !== null);
  return failures.find((failure) => failure.fatal) ?? failures[0] ?? null;
}

/** What `kubectl describe pod` and `kubectl logs --previous` would tell, as one sentence. */
export function explainPod(pod: PodObserved, now: Date): PodFailure | null {
  const ageMs = now.getTime() - pod.createdAt.getTime();
  if (pod.unscheduled) return unschedulable(pod.unscheduled, ageMs);
  if (pod.phase === 'Failed' && pod.reason)
    return {
      reason: pod.reason,
      message: pod.message ?? `The pod ended: ${pod.reason}.`,
      fatal: true,
    };
  for (const container of pod.containers) {
    const failure =
      pullFailure(container, pod, ageMs) ?? startFailure(container) ?? crash(container, pod);
    if (failure) return failure;
  }
  return probeFailure(pod) ?? mountFailure(pod);
}

function creationFailure(message: string): PodFailure {
  const text = message
    .replace(/^pods "[^"]*" is forbidden: /, '')
    .replace(/^.* is forbidden: /, '');
  if (/exceeded quota/.test(message))
    return { reason: 'QuotaExceeded', message: text, fatal: true };
  if (/violates PodSecurity/.test(message))
    return { reason: 'PodSecurityViolation', message: text, fatal: true };
  // an API server learns of an approval some milliseconds after it was written, and until then
  // refuses the pod; it is asked again
  if (/ValidatingAdmissionPolicy 'creativeflow-/.test(message))
    return {
      reason: 'NotApproved',
      message: text.replace(
        /^ValidatingAdmissionPolicy '.*?' with binding '.*?' denied request: /,
        '',
      ),
      fatal: false,
    };
  return { reason: 'FailedCreate', message: text, fatal: /forbidden|invalid/i.test(message) };
}

function unschedulable(condition: { reason: string; message: string }, ageMs: number): PodFailure {
  return {
    reason: condition.reason || 'Unschedulable',
    message: condition.message,
    fatal: ageMs > GIVE_UP_SCHEDULING_MS,
  };
}

function pullFailure(
  container: ContainerObserved,
  pod: PodObserved,
  ageMs: number,
): PodFailure | null {
  const waiting = container.waiting;
  if (!waiting || !PULLING.has(waiting.reason)) return null;
  // ImagePullBackOff only says "Back-off pulling image"; the cause stands in the event that came
  // before it
  const cause = pod.warnings.find(
    (warning) =>
      warning.reason === 'Failed' && /failed to pull|failed to resolve/i.test(warning.message),
  );
  const message = cause?.message ?? waiting.message;
  return {
    reason: waiting.reason,
    message: lastClause(message),
    fatal: PULL_IS_HOPELESS.test(message) || ageMs > GIVE_UP_PULLING_MS,
  };
}

function startFailure(container: ContainerObserved): PodFailure | null {
  const waiting = container.waiting;
  if (!waiting || !CANNOT_START.has(waiting.reason)) return null;
  return {
    reason: waiting.reason,
    message: waiting.message || `The container ${container.name} cannot start.`,
    fatal: true,
  };
}

function crash(container: ContainerObserved, pod: PodObserved): PodFailure | null {
  const end = container.terminated ?? container.lastTerminated;
  if (!end || (end.exitCode === 0 && container.ready)) return null;
  return { ...causeOfEnd(container, pod, end), fatal: container.restarts >= GIVE_UP_RESTARTS };
}

type Ended = NonNullable<ContainerObserved['terminated']>;
/** SIGKILL and SIGTERM, as a kubelet sends them after a failed probe. */
const KILLED = [137, 143];

function causeOfEnd(
  { name, restarts, waiting }: ContainerObserved,
  { warnings, lastLogLine }: PodObserved,
  end: Ended,
): Omit<PodFailure, 'fatal'> {
  const { exitCode } = end;
  if (end.reason === 'OOMKilled')
    return {
      reason: 'OOMKilled',
      message: `The container ${name} used more memory than its limit and was killed (exit code ${exitCode}).`,
    };
  if (end.reason === 'StartError')
    return {
      reason: 'StartError',
      message: end.message || `The container ${name} cannot start.`,
    };
  const probe = warnings.find(
    ({ reason, message }) => reason === 'Unhealthy' && /^(Startup|Liveness)/.test(message),
  );
  if (probe && KILLED.includes(exitCode))
    return {
      reason: 'ProbeFailed',
      message: `${probe.message} The container was restarted ${restarts} times.`,
    };
  const said = lastLogLine ?? end.message.trim().split('\n').at(-1);
  const isLooping = waiting?.reason === 'CrashLoopBackOff' || restarts > 0;
  return {
    reason: isLooping ? 'CrashLoopBackOff' : end.reason || 'Error',
    message: `The container ${name} ended with exit code ${exitCode}${said ? `: ${said}` : ' and wrote nothing.'}`,
  };
}

function probeFailure(pod: PodObserved): PodFailure | null {
  const warning = pod.warnings.find((entry) => entry.reason === 'Unhealthy');
  return warning ? { reason: 'ProbeFailed', message: warning.message, fatal: false } : null;
}

function mountFailure(pod: PodObserved): PodFailure | null {
  const warning = pod.warnings.find((entry) => /^Failed/.test(entry.reason));
  return warning ? { reason: warning.reason, message: warning.message, fatal: false } : null;
}

/**
 * A pull error repeats itself at each layer that hands it on; the last two clauses say what
 * happened.
 */
function lastClause(message: string): string {
  const clauses = message
    .replace(/^rpc error: code = \w+ desc = /, '')
    .split(/: (?=failed|unexpected|pull|dial|httpReadSeeker)/);
  return clauses.length > 2 ? `${clauses[0]}: ${clauses.at(-1)}` : message;
}
