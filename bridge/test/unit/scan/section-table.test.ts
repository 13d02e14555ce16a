import { expect } from 'chai';
import fs from 'node:fs';
import { BY_GENERATION, BY_NAME, BY_TEST } from './section-known.ts';
import { assemble, global, line, pickle, proto, stackGlobal, text } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeZip } from './zip-writer.ts';

/** Source as one line without the spaces of layout: a title may be a row that was broken. */
const compact = (code: string): string => code.replace(/\s+/g, '').replaceAll(',]', ']');

/**
 * The known ways around scanners, line by line as they were published: each has a test, here or in
 * the file that is named.
 */
describe('every known way around a scanner has its test', () => {
  const sources = new Map<string, string>();
  const source = (file: string): string => {
    if (!sources.has(file))
      sources.set(file, compact(fs.readFileSync(new URL(file, import.meta.url), 'utf8')));
    return sources.get(file)!;
  };

  for (const [section, id, tests] of BY_TEST) {
    it(`${section} ${id}`, () => {
      for (const [file, titles] of Object.entries(tests))
        for (const title of titles)
          expect(source(`./${file}.test.ts`), `${file}: ${title}`).to.include(compact(title));
    });
  }

  for (const [section, id, rule, name, bytes] of BY_GENERATION) {
    it(`${section} ${id} → ${rule}`, () => {
      const result = scanBytes(name, bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  for (const [id, names] of BY_NAME) {
    it(`2b ${id}: ${names.join(', ')}`, () => {
      for (const symbol of names) {
        const [module, name] = [
          symbol.slice(0, symbol.lastIndexOf('.')),
          symbol.slice(symbol.lastIndexOf('.') + 1),
        ];
        const files: [string, Uint8Array][] = [
          [
            'a.pkl',
            assemble(
              global(module, name),
              'MARK',
              'STRING',
              line("'true'"),
              'TUPLE',
              'REDUCE',
              'STOP',
            ),
          ],
          [
            'a.joblib',
            pickle(stackGlobal(module, name), text('true'), 'TUPLE1', 'REDUCE', 'POP', 'NONE'),
          ],
          [
            'a.pt',
            writeZip([
              {
                name: 'a/data.pkl',
                bytes: assemble(
                  proto(2),
                  'MARK',
                  global(module, name),
                  text('true'),
                  'OBJ',
                  'STOP',
                ),
              },
              { name: 'a/version', bytes: Buffer.from('3\n') },
            ]),
          ],
        ];
        for (const [file, bytes] of files) {
          const result = scanBytes(file, bytes);
          expect(result.verdict, `${symbol} in ${file}`).to.equal('block');
          expect(rulesOf(result), `${symbol} in ${file}`).to.include('pickle-global-blocked');
        }
      }
    });
  }
});
