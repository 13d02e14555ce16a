import type { OdooPort } from '../services/ports/odoo.ts';
import type { Logger } from '../services/ports/runtime.ts';
import { orderAudits } from '../services/scans/rescan.ts';
import type { OrphanCollector } from '../services/uploads/collect-orphans.ts';

const COLLECT_EVERY_MS = 3600_000;
/** Odoo may have been away at the start, or had more versions than one round orders */
const AUDIT_EVERY_MS = 3600_000;

export interface HourlyParts {
  readonly odoo: OdooPort;
  readonly collector: Pick<OrphanCollector, 'run'>;
  readonly log: Logger;
}

/** What is done every hour: orphans are collected, and rescans ordered, these at once too. */
export function startHourly({ odoo, collector, log }: HourlyParts): { stop(): void } {
  const audit = (): void =>
    void orderAudits({ odoo, log }).catch((error: Error) =>
      log.warn({ reason: error.message }, 'audits.failed'),
    );
  const collect = (): void =>
    void collector
      .run()
      .catch((error: Error) => log.warn({ reason: error.message }, 'collect.failed'));
  const timers = [setInterval(audit, AUDIT_EVERY_MS), setInterval(collect, COLLECT_EVERY_MS)];
  audit();
  return { stop: () => timers.forEach((timer) => clearInterval(timer)) };
}
