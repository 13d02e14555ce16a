import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const folder = fileURLToPath(new URL('../../../../docs/decisions/', import.meta.url));
const names = readdirSync(folder).filter((name) => /^\d{4}-/.test(name));
const index = readFileSync(`${folder}README.md`, 'utf8');

describe('docs/decisions', () => {
  for (const name of names)
    it(`${name} has a title, a date, a status and the parts of the template, and is listed`, () => {
      const text = readFileSync(folder + name, 'utf8');
      expect(text).to.match(new RegExp(`^# ${Number(name.slice(0, 4))}\\. .+\n`));
      expect(text).to.match(/^Date: \d{4}-\d{2}-\d{2}$/m);
      expect(text).to.match(/^Status: (proposed|accepted|superseded)/m);
      for (const part of ['Context', 'Decision', 'Consequences'])
        expect(text).to.include(`\n## ${part}\n`);
      expect(index).to.include(`(${name})`);
    });
});
