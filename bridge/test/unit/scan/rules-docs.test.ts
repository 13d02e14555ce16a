import { expect } from 'chai';
import fs from 'node:fs';
import { RULE_AREAS, RULES } from '../../../src/scan/rules.ts';
import { scanRulesPage } from '../../../src/scan/rules/page.ts';

describe('rules of the scan', () => {
  it('are described by docs/scan-rules.md as they are (npm run docs:scan-rules)', () => {
    const page = fs.readFileSync(
      new URL('../../../../docs/scan-rules.md', import.meta.url),
      'utf8',
    );
    expect(page).to.equal(scanRulesPage(RULE_AREAS));
  });

  it('have one name each', () => {
    expect(Object.keys(RULES)).to.have.length(
      RULE_AREAS.reduce((sum, { rules }) => sum + Object.keys(rules).length, 0),
    );
  });
});
