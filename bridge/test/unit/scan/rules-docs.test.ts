import { expect } from 'chai';
import fs from 'node:fs';
import { RULES } from '../../../src/scan/rules.ts';

describe('docs/scan-rules.md', () => {
  it('has one heading for each rule, with its verdict, and none besides', () => {
    const page = fs.readFileSync(new URL('../../../../docs/scan-rules.md', import.meta.url), 'utf8');
    const headings = [...page.matchAll(/^### ([a-z0-9-]+)\n\n(\w+) · (\w+)\n/gm)].map(([, rule, verdict, severity]) => [rule, verdict!.toLowerCase(), severity]);
    expect(headings).to.have.deep.members(Object.entries(RULES).map(([rule, { verdict, severity }]) => [rule, verdict, severity]));
  });
});
