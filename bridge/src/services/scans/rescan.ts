import { rulesetVersion } from '../../scan/index.ts';
import type { OdooPort } from '../ports/odoo.ts';
import type { Logger } from '../ports/runtime.ts';
import { SERVICE } from '../ports/odoo.ts';

const PAGES_MAX = 1000;

/**
 * Tells Odoo with which rules this bridge scans; what passed under others is then scanned again.
 * Safe to repeat.
 */
export async function orderAudits({
  odoo,
  log,
}: {
  odoo: Pick<OdooPort, 'call'>;
  log: Logger;
}): Promise<void> {
  const ruleset_version = rulesetVersion();
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { ordered } = await odoo.call<{ ordered: number }>(
      SERVICE,
      'mlops.model.version',
      'rules_changed',
      { ruleset_version },
      'audits',
    );
    if (ordered === 0) return;
    log.info({ ordered, rulesetVersion: ruleset_version }, 'audits.ordered');
  }
}
