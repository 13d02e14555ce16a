import { IntegrityCheck } from '../services/integrity/check.ts';
import type { IntegrityDeps } from '../services/integrity/check.ts';

/**
 * How often Odoo is asked what is due, as a part of the interval: a bridge that begins later waits
 * no whole one.
 */
const ASKS_IN_AN_INTERVAL = 4;
const ASK_MIN_MS = 1_000;

/**
 * Looks again and again whether what runs is what was approved. Every bridge asks; Odoo gives each
 * deployment to one of them in an interval (docs/decisions/0014), so that a bridge that was killed
 * leaves nothing unwatched and two do not do it twice.
 */
export function startIntegrityRounds(deps: IntegrityDeps): { stop(): Promise<void> } {
  const check = new IntegrityCheck(deps);
  const stopping = new AbortController();
  let running: Promise<void> | null = null;
  const round = (): void => {
    running ??= check
      .round(stopping.signal)
      .then(
        () => undefined,
        (error: Error) => {
          if (!stopping.signal.aborted)
            deps.log.warn({ reason: error.message }, 'integrity.round-failed');
        },
      )
      .finally(() => (running = null));
  };
  const timer = setInterval(
    round,
    Math.max(ASK_MIN_MS, (deps.everySeconds * 1000) / ASKS_IN_AN_INTERVAL),
  );
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}
