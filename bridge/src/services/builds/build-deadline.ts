import type { VersionWork } from '../ports/odoo.ts';

export const BUILD_DEADLINE_SECONDS = 20 * 60;
const BEFORE_ODOO_MS = 10_000;

/** Ends a little before Odoo's own deadline, which would say only that time is up. */
export function roomUntil({ deployments }: VersionWork, since: Date): Date {
  const deadlines = deployments.flatMap(({ desired, isLive, deadlineAt }) =>
    desired === 'serving' && !isLive && deadlineAt ? [Date.parse(deadlineAt)] : [],
  );
  return new Date(
    deadlines.length > 0
      ? Math.max(...deadlines) - BEFORE_ODOO_MS
      : since.getTime() + BUILD_DEADLINE_SECONDS * 1000,
  );
}
