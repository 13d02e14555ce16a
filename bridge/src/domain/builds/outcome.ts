import { explainPod } from '../rollouts/pod-failure.ts';
import type { ContainerObserved, PodObserved } from '../rollouts/revision.ts';
import { lastTellingLine } from '../log-line.ts';

/**
 * How the build pod ends, by the exit code of its own script (adapters/kubernetes/build-pod.ts).
 */
export const BUILD_EXIT = {
  contextUnavailable: 10,
  contextDiffers: 11,
  buildFailed: 20,
  pushFailed: 30,
} as const;
export const BUILD_CONTAINER = 'build';
export const CONTEXT_CONTAINER = 'context';

export interface BuildPodObserved {
  pod: PodObserved;
  versionId: number;
  generation: number;
  attempt: number;
  deadlineExceeded: boolean;
}

export type BuildOutcome =
  /** `waiting`: in line for room, in the scheduler's words */
  | { kind: 'running'; waiting?: string }
  | { kind: 'done'; digest: string }
  /** `retry`: the fault is not the Dockerfile's, another attempt may succeed */
  | { kind: 'failed'; retry: boolean; reason: string };

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const GIVE_UP_PENDING_MS = 120_000;
/**
 * Said by buildah itself in its closing line when the line to the registry was cut, not the
 * Dockerfile wrong.
 */
const LINE_WAS_CUT =
  /can't talk to a V1 container registry|connection refused|connection reset|unexpected EOF|i\/o timeout|no route to host|TLS handshake|broken pipe|\b50[0234]\b|context deadline exceeded|stream error/i;
const BUILDAH_LINE = /^(Error: |exit status |error building|subprocess exited)|level=/;
const FAILURE_WORD =
  /\b(errors?|fail(ed|ure)?|fatal|cannot|could not|unable|no such|not found|no matching|denied|missing|exception|invalid)\b/i;
const RUN_FAILED = /while running runtime|building at STEP "RUN/;

/**
 * What a build pod came to. `log` is read only when it failed. The fault of a Dockerfile is told in
 * its own words, any other after a word that names it.
 */
export function buildOutcome(
  observed: BuildPodObserved,
  log: string,
  now: Date,
  roomUntil: Date,
): BuildOutcome {
  const { pod } = observed;
  if (observed.deadlineExceeded)
    return failed(
      `BuildDeadline: the build did not end in time; its last line was "${lastTellingLine(log) ?? ''}".`,
    );
  const context = endOf(pod, CONTEXT_CONTAINER);
  if (context && context.exitCode !== 0) return withoutContext(context);
  const build = endOf(pod, BUILD_CONTAINER);
  if (build) return build.exitCode === 0 ? pushed(build) : failedBuild(build, log);
  if (pod.phase === 'Failed')
    return retried(
      `${pod.reason ?? 'BuildPodLost'}: ${pod.message ?? 'the build pod exited without a message.'}`,
    );
  return pending(pod, now, roomUntil);
}

type Ended = NonNullable<ContainerObserved['terminated']>;

const endOf = ({ containers }: PodObserved, name: string): Ended | null =>
  containers.find((container) => container.name === name)?.terminated ?? null;

const failed = (reason: string): BuildOutcome => ({ kind: 'failed', retry: false, reason });
const retried = (reason: string): BuildOutcome => ({ kind: 'failed', retry: true, reason });

function withoutContext({ exitCode, message }: Ended): BuildOutcome {
  if (exitCode === BUILD_EXIT.contextDiffers)
    return failed(
      `ArtifactChanged: ${message.trim() || 'a file of the context is not the one that was approved.'}`,
    );
  return retried(`ContextUnavailable: ${lastTellingLine(message) ?? `exit code ${exitCode}`}`);
}

function pushed({ message }: Ended): BuildOutcome {
  const digest = message.trim();
  return DIGEST.test(digest)
    ? { kind: 'done', digest }
    : retried('PushFailed: the push told no digest.');
}

function failedBuild({ exitCode, reason }: Ended, log: string): BuildOutcome {
  if (reason === 'OOMKilled')
    return failed('OOMKilled: the build used more memory than a build may.');
  const closing = log.split('\n').findLast((line) => /^Error: /.test(line)) ?? '';
  if (exitCode === BUILD_EXIT.pushFailed)
    return retried(`PushFailed: ${closing || `exit code ${exitCode}`}`);
  if (exitCode !== BUILD_EXIT.buildFailed)
    return retried(`BuildPodLost: the build was ended with exit code ${exitCode}.`);
  const infrastructure = LINE_WAS_CUT.test(closing) && !RUN_FAILED.test(closing);
  const telling = tellingFailure(log, closing);
  return infrastructure ? retried(`PullFailed: ${telling}`) : failed(telling);
}

/** For a RUN that failed: what the step said, then which step; else buildah's own closing line. */
function tellingFailure(log: string, closing: string): string {
  const summary = closing.replace(/^Error: /, '');
  if (!RUN_FAILED.test(closing))
    return (
      summary ||
      (lastTellingLine(log) ?? 'the build ended with a failure, and its log could not be read.')
    );
  const lines = log.split('\n');
  const step = lines
    .slice(lines.findLastIndex((line) => /^STEP \d/.test(line)) + 1)
    .filter((line) => !BUILDAH_LINE.test(line));
  // a step's output and its errors reach the log in no fixed order: a line that speaks of a failure
  // tells more than the last one
  const said = lastTellingLine(step.findLast((line) => FAILURE_WORD.test(line)) ?? step.join('\n'));
  return said ? `${said} (${summary})` : summary;
}

function pending(pod: PodObserved, now: Date, roomUntil: Date): BuildOutcome {
  if (pod.unscheduled && pod.phase === 'Pending') {
    const { reason, message } = pod.unscheduled;
    if (now < roomUntil)
      return { kind: 'running', waiting: `Waiting for capacity to build: ${message || reason}` };
    return failed(`${reason}: ${message} It waited in line until its deadline.`);
  }
  const failure = explainPod(pod, now);
  const waited = now.getTime() - pod.createdAt.getTime();
  if (failure && waited > GIVE_UP_PENDING_MS && pod.phase === 'Pending') {
    // another pod would wait for the same thing
    return failed(`${failure.reason}: ${failure.message}`);
  }
  return { kind: 'running' };
}
