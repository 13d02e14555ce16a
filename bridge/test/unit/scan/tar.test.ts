import { expect } from 'chai';
import fs from 'node:fs';
import zlib from 'node:zlib';
import { global, pickle, text } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { pax, writeTar, type Entry } from './tar-writer.ts';
import { writeZip } from './zip-writer.ts';

const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const GOOD = pickle(text('a model'));
const EVIL_RULES = ['pickle-global-blocked', 'pickle-call-blocked'];
const model = (change: Partial<Entry> = {}): Entry => ({ name: 'm.pkl', bytes: GOOD, ...change });
const tar = (...entries: Entry[]): Buffer => writeTar(entries);
const LONG = `${'long-name/'.repeat(12)}m.pkl`;

describe('tar, read as only one reader could', () => {
  const cases: [string, string[], string, Buffer][] = [
    ['a model', [], 'm.tar', tar(model())],
    [
      'a model beside its settings',
      [],
      'm.tar',
      tar({ name: './', type: '5' }, model({ name: './m.pkl' }), {
        name: './config.json',
        bytes: '{}',
      }),
    ],
    [
      'a model in a folder, with and without an entry of its own',
      [],
      'm.tar',
      tar({ name: 'a/', type: '5' }, model({ name: 'a/m.pkl' }), model({ name: 'b/m.pkl' })),
    ],
    [
      'a large size in GNU’s way',
      [],
      'm.tar',
      tar(
        model({
          gnu: true,
          patch: [[124, '\x80' + '\0'.repeat(10) + String.fromCharCode(GOOD.length)]],
        }),
      ),
    ],
    [
      'a long name of pax',
      [],
      'm.tar',
      tar(
        { name: 'PaxHeaders/m', type: 'x', bytes: pax(['path', LONG], ['mtime', '1700000000.5']) },
        model({ name: LONG.slice(0, 100) }),
      ),
    ],
    [
      'a long name of GNU',
      [],
      'm.tar',
      tar(
        { name: '././@LongLink', type: 'L', bytes: `${LONG}\0`, gnu: true },
        model({ name: LONG, gnu: true }),
      ),
    ],
    ['records of twenty blocks', [], 'm.tar', writeTar([model()], { end: 18 })],
    ['a call in a member', EVIL_RULES, 'm.tar', tar(model({ bytes: EVIL }))],
    [
      'a call in a member with an odd name',
      EVIL_RULES,
      'm.tar',
      tar(model(), { name: 'x', bytes: EVIL }),
    ],
    ['a call in a tar.gz', EVIL_RULES, 'm.tar.gz', zlib.gzipSync(tar(model({ bytes: EVIL })))],
    ['the same under .tgz', EVIL_RULES, 'm.tgz', zlib.gzipSync(tar(model({ bytes: EVIL })))],
    ['a tar under .pt', ['format-extension-mismatch'], 'm.pt', tar(model())],
    [
      'a member that is not what its name says',
      ['format-extension-mismatch'],
      'm.tar',
      tar(model({ name: 'm.safetensors' })),
    ],
    ['no model', ['format-not-understood'], 'm.tar', tar({ name: 'a.txt', bytes: 'hello' })],
    ['nothing', ['format-not-understood'], 'm.tar', Buffer.alloc(1024)],
    [
      'code',
      ['archive-code'],
      'm.tar',
      tar(model(), { name: 'code/inference.py', bytes: 'import os\n' }),
    ],
    [
      'an executable',
      ['format-executable'],
      'm.tar',
      tar(model(), {
        name: 'a.so',
        bytes: Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(600, 0xee)]),
      }),
    ],
    [
      'a symbolic link',
      ['tar-entry'],
      'm.tar',
      tar({ name: 'a', type: '2', target: '/etc/passwd' }, model()),
    ],
    [
      'a hard link',
      ['tar-entry'],
      'm.tar',
      tar(model(), { name: 'a', type: '1', target: 'm.pkl' }),
    ],
    ['a character device', ['tar-entry'], 'm.tar', tar({ name: 'a', type: '3' }, model())],
    ['a block device', ['tar-entry'], 'm.tar', tar({ name: 'a', type: '4' }, model())],
    ['a pipe', ['tar-entry'], 'm.tar', tar({ name: 'a', type: '6' }, model())],
    ['a file with holes', ['tar-entry'], 'm.tar', tar(model({ type: 'S', gnu: true }))],
    [
      'a file with holes, told by pax',
      ['tar-structure'],
      'm.tar',
      tar({ name: 'p', type: 'x', bytes: pax(['GNU.sparse.major', '1']) }, model()),
    ],
    ['an unknown kind', ['tar-entry'], 'm.tar', tar(model({ type: 'Z' }))],
    [
      'a name for all entries',
      ['tar-structure'],
      'm.tar',
      tar({ name: 'g', type: 'g', bytes: pax(['path', '../x']) }, model()),
    ],
    [
      'a size for all entries',
      ['tar-structure'],
      'm.tar',
      tar({ name: 'g', type: 'g', bytes: pax(['size', '0']) }, model()),
    ],
    [
      'a comment between a long name and its entry',
      ['tar-entry'],
      'm.tar',
      tar(
        { name: 'x', type: 'x', bytes: pax(['path', LONG]) },
        { name: 'g', type: 'g', bytes: pax(['comment', 'x']) },
        model(),
      ),
    ],
    [
      'a comment for all entries, as git writes it',
      [],
      'm.tar',
      tar(
        { name: 'pax_global_header', type: 'g', bytes: pax(['comment', '0123456789abcdef']) },
        model(),
      ),
    ],
    [
      'the target of a link at a plain file',
      ['tar-structure'],
      'm.tar',
      tar(model({ target: 'x' })),
    ],
    ['an absolute name', ['tar-member-name'], 'm.tar', tar(model({ name: '/m.pkl' }))],
    ['a name that leads up', ['tar-member-name'], 'm.tar', tar(model({ name: '../m.pkl' }))],
    [
      'a name that leads up in the middle',
      ['tar-member-name'],
      'm.tar',
      tar(model({ name: 'a/../../m.pkl' })),
    ],
    [
      'a name that leads up, told by pax',
      ['tar-member-name'],
      'm.tar',
      tar({ name: 'p', type: 'x', bytes: pax(['path', '../m.pkl']) }, model()),
    ],
    [
      'a name that leads up, as GNU’s long name',
      ['tar-member-name'],
      'm.tar',
      tar(
        { name: '././@LongLink', type: 'L', bytes: '../m.pkl\0', gnu: true },
        model({ name: '../m.pkl', gnu: true }),
      ),
    ],
    [
      'a name that leads up through the prefix',
      ['tar-member-name'],
      'm.tar',
      tar(model({ patch: [[345, '..']] })),
    ],
    ['a backslash', ['tar-member-name'], 'm.tar', tar(model({ name: 'a\\m.pkl' }))],
    ['a control character', ['tar-member-name'], 'm.tar', tar(model({ name: 'a\nm.pkl' }))],
    [
      'a name that is no UTF-8',
      ['tar-member-name'],
      'm.tar',
      tar(model({ patch: [[0, '\xff\xfe']] })),
    ],
    [
      'a file whose name is that of a folder',
      ['tar-member-name'],
      'm.tar',
      tar(model({ name: 'm.pkl/' })),
    ],
    [
      'the same with the old kind, which is a folder for some',
      ['tar-structure'],
      'm.tar',
      tar(model({ name: 'm.pkl/', type: '\0' })),
    ],
    ['bytes behind a name', ['tar-structure'], 'm.tar', tar(model({ patch: [[20, 'hidden']] }))],
    [
      'two entries of one name',
      ['tar-duplicate-member'],
      'm.tar',
      tar(model(), model({ bytes: EVIL })),
    ],
    [
      'two entries of one name, written differently',
      ['tar-duplicate-member'],
      'm.tar',
      tar(model(), model({ name: './m.pkl', bytes: EVIL })),
    ],
    [
      'an entry in a file',
      ['tar-duplicate-member'],
      'm.tar',
      tar(model({ name: 'a' }), model({ name: 'a/b' })),
    ],
    [
      'a file where there was a folder',
      ['tar-duplicate-member'],
      'm.tar',
      tar(model({ name: 'a/b' }), model({ name: 'a' })),
    ],
    [
      'a long name that differs from the short one',
      ['tar-structure'],
      'm.tar',
      tar(
        { name: '././@LongLink', type: 'L', bytes: 'evil.pkl\0', gnu: true },
        model({ gnu: true }),
      ),
    ],
    [
      'two sizes',
      ['tar-structure'],
      'm.tar',
      tar({ name: 'p', type: 'x', bytes: pax(['size', '0']) }, model()),
    ],
    [
      'a key of pax twice',
      ['tar-structure'],
      'm.tar',
      tar({ name: 'p', type: 'x', bytes: pax(['path', 'a'], ['path', 'b']) }, model()),
    ],
    [
      'a record of pax that is longer than it says',
      ['tar-structure'],
      'm.tar',
      tar({ name: 'p', type: 'x', bytes: '8 path=abc\n' }, model()),
    ],
    [
      'two extensions for one entry',
      ['tar-structure'],
      'm.tar',
      tar(
        { name: 'p', type: 'x', bytes: pax(['path', 'a']) },
        { name: 'p', type: 'x', bytes: pax(['path', 'b']) },
        model(),
      ),
    ],
    [
      'an extension for nothing',
      ['tar-structure'],
      'm.tar',
      tar(model(), { name: 'p', type: 'x', bytes: pax(['path', 'a']) }),
    ],
    [
      'a wrong checksum',
      ['tar-structure'],
      'm.tar',
      tar(model(), model({ name: 'b', checksum: 1 })),
    ],
    [
      'a header before there was ustar',
      ['tar-structure'],
      'm.tar',
      tar(model({ patch: [[257, '\0'.repeat(8)]] })),
    ],
    [
      'a prefix in a header of GNU',
      ['tar-structure'],
      'm.tar',
      tar(model({ gnu: true, patch: [[345, 'x']] })),
    ],
    [
      'a size beyond the file',
      ['tar-structure'],
      'm.tar',
      tar(model({ patch: [[124, '77777777777\0']] })),
    ],
    [
      'a size beyond any file',
      ['tar-structure'],
      'm.tar',
      tar(model({ patch: [[124, '\x80\x7f' + '\xff'.repeat(10)]] })),
    ],
    [
      'a negative size',
      ['tar-structure'],
      'm.tar',
      tar(model({ patch: [[124, '\xff'.repeat(12)]] })),
    ],
    [
      'a size that int() of Python reads otherwise',
      ['tar-structure'],
      'm.tar',
      tar(model({ patch: [[124, '0000_000016\0']] })),
    ],
    [
      'an owner that int() of Python does not take: it would stop here',
      ['tar-structure'],
      'm.tar',
      tar(model(), model({ name: 'b', patch: [[108, '00 1750\0']] })),
    ],
    ['bytes behind the content', ['tar-structure'], 'm.tar', tar(model({ padding: 'hidden' }))],
    ['one block of zeros', ['tar-structure'], 'm.tar', writeTar([model()], { end: 1 })],
    ['no block of zeros', ['tar-structure'], 'm.tar', writeTar([model()], { end: 0 })],
    ['a pickle behind the end', ['tar-structure'], 'm.tar', writeTar([model()], { behind: EVIL })],
    [
      'an archive behind the end, for readers that read on',
      ['format-trailing-data'],
      'm.tar',
      writeTar([model()], { behind: tar(model({ bytes: EVIL })) }),
    ],
    [
      'much nothing behind the end',
      ['format-trailing-data'],
      'm.tar',
      writeTar([model()], { end: 40 }),
    ],
    [
      'a zip behind',
      ['zip-structure', 'tar-structure', 'format-ambiguous'],
      'm.tar',
      writeTar([model()], { behind: writeZip([{ name: 'a', bytes: EVIL }]) }),
    ],
    [
      'tar in tar in tar in tar in tar',
      ['format-nested-too-deep'],
      'm.tar',
      [1, 2, 3, 4].reduce((inner) => tar({ name: 'a.tar', bytes: inner }), tar(model())),
    ],
    [
      'PyTorch’s first format',
      ['torch-legacy-tar', ...EVIL_RULES],
      'm.tar',
      tar(
        { name: 'sys_info', bytes: GOOD },
        { name: 'pickle', bytes: EVIL },
        { name: 'storages', bytes: GOOD },
        { name: 'tensors', bytes: GOOD },
      ),
    ],
  ];
  for (const [what, rules, name, bytes] of cases) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes(name, bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
      expect(result.verdict).to.equal(
        rules.length === 0 ? 'pass' : rules[0] === 'archive-code' ? 'review' : 'block',
      );
    });
  }

  it('counts entries', () => {
    expect(
      rulesOf(
        scanBytes('m.tar', tar(model(), model({ name: 'b' }), model({ name: 'c' })), 'model', {
          members: 2,
        }),
      ),
    ).to.deep.equal(['limit-exceeded']);
  });

  it('whatever byte of an honest archive is changed, nothing crashes; wherever it is cut, it is refused', () => {
    const honest = fs.readFileSync(new URL('../../samples/scan/honest/pax.tar', import.meta.url));
    const content = honest.subarray(0, 4096);
    for (let at = 0; at < content.length; at += 97) {
      const changed = Buffer.from(honest);
      changed[at]! ^= [0x01, 0x80, 0xff][at % 3]!;
      expect(rulesOf(scanBytes('m.tar', changed))).to.not.include('scan-crashed');
    }
    for (let at = 1; at < honest.length - 9 * 1024; at += 97)
      expect(rulesOf(scanBytes('m.tar', honest.subarray(0, at))), `cut at ${at}`)
        .to.have.length.above(0)
        .and.not.include('scan-crashed');
  }).timeout(120_000);
});
