/**
 * Writes docs/scan-rules.md from the rules themselves.
 *
 *   npm run docs:scan-rules            a unit test fails while the page and the rules differ
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULE_AREAS } from '../bridge/src/scan/rules.ts';
import { scanRulesPage } from '../bridge/src/scan/rules/page.ts';

writeFileSync(join(import.meta.dirname, '..', 'docs', 'scan-rules.md'), scanRulesPage(RULE_AREAS));
