import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const page = readFileSync(`${root}docs/architecture.md`, 'utf8');
const rows = [...page.matchAll(/^\| (.+\?) \| `(\w+)` in `([^`]+)` \|$/gm)].map(
  ([, question, name, file]) => ({ question: question!, name: name!, file: file! }),
);

describe('docs/architecture.md: where is … decided?', () => {
  it('answers twenty questions or more', () => {
    expect(rows.length).to.be.at.least(20);
    const table = page.slice(page.indexOf('## Where is'));
    expect(table.match(/^\| .+\? \|/gm)).to.have.length(rows.length);
  });

  for (const { question, name, file } of rows)
    it(`${question} ${name}`, () => {
      expect(existsSync(root + file), file).to.equal(true);
      const definition = new RegExp(
        `(^|\\s)(function|class|const|def|async function) ${name}\\b|^${name} = `,
        'm',
      );
      expect(readFileSync(root + file, 'utf8')).to.match(definition);
    });
});
