import type { Logger } from './services/ports/runtime.ts';

export interface LastResort {
  log: Logger;
  /** lets running requests finish; may hang or fail, for nothing is certain any more */
  stop(): Promise<void>;
  exit(code: number): void;
  deadlineMs?: number;
}

/** Long enough for an answer on its way, short enough that the next process is soon there. */
const DEADLINE_MS = 10_000;

/**
 * What nobody caught: state may be half changed, so the process does not go on. It says why, lets
 * what runs finish within a deadline and ends with 1, so that its supervisor starts it anew.
 */
export function lastResort({
  log,
  stop,
  exit,
  deadlineMs = DEADLINE_MS,
}: LastResort): (error: unknown) => void {
  let ending = false;
  return (error) => {
    try {
      log.error(
        { reason: error instanceof Error ? error.stack : String(error), again: ending },
        'bridge.uncaught',
      );
    } catch {
      /* a broken log must not keep a broken process alive */
    }
    if (ending) return;
    ending = true;
    setTimeout(() => exit(1), deadlineMs);
    void Promise.resolve()
      .then(stop)
      .then(
        () => exit(1),
        () => exit(1),
      );
  };
}

/** Installs it for the whole process. */
export function onUncaught(handle: (error: unknown) => void): void {
  process.on('uncaughtException', handle);
  process.on('unhandledRejection', handle);
}
