import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ACTIONS } from '../../../src/contract/actions.ts';

const ROOT = join(import.meta.dirname, '../../../..');
/** The rows of an action, and its texts in each language. */
const PLACES = [
  'bridge/src/contract/actions.ts',
  'pwa/src/view-model/actions.ts',
  'pwa/src/i18n/en.ts',
  'pwa/src/i18n/fr.ts',
];
/** Methods of Odoo that go before others: the same word for another thing. */
const NO_LIST = 'bridge/src/adapters/odoo/precedence.ts';

describe('An action is written in its two rows and its texts, and nowhere else', () => {
  const sources = ['bridge/src', 'pwa/src'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const texts = sources.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const);

  for (const name of Object.keys(ACTIONS))
    it(name, () => {
      // as a string, or as the key of a row
      const named = new RegExp(`'${name}'|^ +${name}: [{(]`, 'm');
      const places = texts.filter(([, text]) => named.test(text)).map(([file]) => file);
      expect(places.filter((file) => file !== NO_LIST)).to.have.members(PLACES);
    });
});
