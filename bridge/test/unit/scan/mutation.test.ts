import { expect } from 'chai';
import fc from 'fast-check';
import fs from 'node:fs';
import { tries } from '../fuzz.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const SAMPLES = new URL('../../samples/scan/honest/', import.meta.url);
const MALICIOUS = fs.readFileSync(
  new URL('../../../../examples/malicious/model.pkl', import.meta.url),
);
const samples = fs
  .readdirSync(SAMPLES)
  .map((name) => ({ name, bytes: fs.readFileSync(new URL(name, SAMPLES)) }))
  .filter(({ bytes }) => bytes.length < 20_000);

/** cut, flip, insert or splice at a place of the file */
const change = fc.record({
  how: fc.constantFrom('cut', 'flip', 'insert', 'splice', 'remove'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  from: fc.nat(),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function mutate(bytes: Uint8Array, { how, at, bytes: given, from }: Change): Uint8Array {
  const place = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
  const out = Buffer.from(bytes);
  if (how === 'cut') return out.subarray(0, place);
  if (how === 'flip') {
    out[place]! ^= given[0]! || 1;
    return out;
  }
  if (how === 'remove')
    return Buffer.concat([out.subarray(0, place), out.subarray(place + given.length)]);
  const other = samples[from % samples.length]!.bytes;
  return Buffer.concat([
    out.subarray(0, place),
    how === 'insert' ? given : other.subarray(Math.floor(other.length * at)),
    out.subarray(place),
  ]);
}

describe('mutated files', function () {
  this.timeout(0);
  it('never crash the scanner', () => {
    fc.assert(
      fc.property(
        fc.nat(samples.length - 1),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (i, changes) => {
          const { name, bytes } = samples[i]!;
          const mutated = changes.reduce<Uint8Array>(
            (current, one) => (current.length === 0 ? current : mutate(current, one)),
            bytes,
          );
          expect(rulesOf(scanBytes(name, mutated))).to.not.include('scan-crashed');
        },
      ),
      tries(500),
    );
  });

  it('bytes that were never a model do not crash it either', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.constantFrom('a.pkl', 'a.pt', 'a.npy', 'a.safetensors', 'a.json', 'a'),
        (bytes, name) => {
          expect(rulesOf(scanBytes(name, bytes))).to.not.include('scan-crashed');
        },
      ),
      tries(500),
    );
  });

  it('a malicious pickle stays stopped whatever is put behind it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        expect(scanBytes('a.pkl', Buffer.concat([MALICIOUS, tail])).verdict).to.equal('block');
      }),
      tries(100),
    );
  });

  it('Dockerfiles of any text do not crash it', () => {
    const word = fc.constantFrom(
      'FROM',
      'RUN',
      'curl',
      '|',
      'sh',
      '<<EOF',
      'EOF',
      '\n',
      '\\\n',
      '"',
      "'",
      '$(',
      ')',
      '`',
      '${A:-',
      '}',
      '[',
      ']',
      'USER',
      '0',
      'ADD',
      'https://a',
      '--from=',
      '#',
      'ENV',
      'A=b',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        expect(rulesOf(scanBytes('Dockerfile', words.join(' '), 'dockerfile'))).to.not.include(
          'scan-crashed',
        );
      }),
      tries(100),
    );
  });
});
