/**
 * Writes docs/scan-rules.md from the rules themselves.
 *
 *   npm run docs:scan-rules            `-- --check` only compares
 */
import { join } from 'node:path';
import { RULE_AREAS } from '../bridge/src/scan/rules.ts';
import { scanRulesPage } from '../bridge/src/scan/rules/page.ts';
import { writeGenerated } from '../stack/generated-file.ts';

writeGenerated(
  join(import.meta.dirname, '..', 'docs', 'scan-rules.md'),
  scanRulesPage(RULE_AREAS),
  'npm run docs:scan-rules',
);
