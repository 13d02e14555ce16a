import { expect } from 'chai';
import fs from 'node:fs';
import zlib from 'node:zlib';
import { global, pickle, text } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeTar } from './tar-writer.ts';
import { extra, writeZip, type Member } from './zip-writer.ts';

const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const GOOD = pickle(text('a model'));
const EVIL_RULES = ['pickle-global-blocked', 'pickle-call-blocked'];
const HONEST = new URL('../../samples/scan/honest/', import.meta.url);
const honest = (name: string): Buffer => fs.readFileSync(new URL(name, HONEST));

const model = (change: Partial<Member> = {}): Member => ({ name: 'm.pkl', bytes: GOOD, ...change });
const both = (fields: NonNullable<Member['local']>): Partial<Member> => ({
  local: fields,
  central: fields,
});
const zip = (change: Partial<Member> = {}, options = {}): Buffer =>
  writeZip([model(change), { name: 'other.pkl', bytes: GOOD }], options);
const WIDE = 0xffffffff;
const size = BigInt(GOOD.length);
const bare = writeZip([model()]);
const torch = (...others: Member[]): Buffer =>
  writeZip([
    { name: 'archive/data.pkl', bytes: GOOD },
    { name: 'archive/version', bytes: Buffer.from('3\n') },
    ...others,
  ]);

/**
 * Two entries of the directory point to one member: thousands of them make a bomb without any
 * nesting.
 */
function overlapping(count: number): Buffer {
  const member = { name: 'a.pkl', bytes: Buffer.alloc(20_000), deflate: true };
  return writeZip([
    member,
    ...Array.from({ length: count }, (_, i) => ({
      ...member,
      name: `${i}.pkl`,
      central: { offset: 0 },
    })),
  ]);
}

type Case = [what: string, rules: string[], bytes: Buffer, name?: string];
function table(cases: Case[]): void {
  for (const [what, rules, bytes, name = 'm.zip'] of cases) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes(name, bytes);
      if (rules.length === 0) expect(result.findings).to.deep.equal([]);
      else expect(rulesOf(result), JSON.stringify(result.findings)).to.include.members(rules);
      expect(result.verdict).to.equal(rules.length === 0 ? 'pass' : 'block');
    });
  }
}

describe('zip: sizes of 64 bits', () => {
  table([
    ['an end record of zip64', [], zip({}, { zip64: {} })],
    [
      'and an old one that says nothing',
      [],
      zip({}, { zip64: {}, end: (end: Buffer) => void end.fill(0xff, 8, 20) }),
    ],
    [
      'sizes in the extra field',
      [],
      zip({
        ...both({ size: WIDE, compressedSize: WIDE }),
        localExtra: extra(1, size, size),
        centralExtra: extra(1, size, size),
      }),
    ],
    [
      'sizes in the local extra field only, as numpy writes them',
      [],
      zip({ local: { size: WIDE, compressedSize: WIDE }, localExtra: extra(1, size, size) }),
    ],
    [
      'an offset in the directory, repeated in front of the data, as PyTorch does',
      [],
      writeZip([
        model(),
        model({
          name: 'b.pkl',
          central: { offset: WIDE },
          centralExtra: extra(1, BigInt(bare.length - 22 - 46 - 5)),
          localExtra: extra(1, BigInt(bare.length - 22 - 46 - 5)),
        }),
      ]),
    ],
    [
      'two end records that disagree about the number of members',
      ['zip-headers-differ'],
      zip({}, { zip64: { count: 1 } }),
    ],
    [
      'two end records that disagree about the directory',
      ['zip-headers-differ'],
      zip({}, { zip64: { start: 1 } }),
    ],
    ['a locator that leads elsewhere', ['zip-structure'], zip({}, { zip64: { recordAt: 0 } })],
    [
      'an old end record that leaves to zip64 what is not there',
      ['zip-structure'],
      zip({}, { end: (end: Buffer) => void end.writeUInt32LE(WIDE, 16) }),
    ],
    [
      'sizes that are told twice, differently',
      ['zip-headers-differ'],
      zip({
        ...both({ size: WIDE, compressedSize: WIDE }),
        localExtra: extra(1, size, size),
        centralExtra: extra(1, size - 1n, size - 1n),
      }),
    ],
    ['sizes that nobody asked for', ['zip-structure'], zip({ centralExtra: extra(1, 1n, 1n) })],
    [
      'the same sizes in the header and again in its extra field, as Python before 3.11.4 writes them',
      [],
      zip({ localExtra: extra(1, size, size) }),
    ],
    [
      'sizes in the extra field that are not those of the header',
      ['zip-structure'],
      zip({ localExtra: extra(1, size, size + 1n) }),
    ],
    [
      'sizes in front of the data that nobody asked for',
      ['zip-structure'],
      zip({ localExtra: extra(1, 1n) }),
    ],
    ['sizes that are missing', ['zip-structure'], zip({ central: { size: WIDE } })],
    [
      'two fields of sizes',
      ['zip-structure'],
      zip({
        ...both({ size: WIDE, compressedSize: WIDE }),
        localExtra: extra(1, size, size),
        centralExtra: Buffer.concat([extra(1, size, size), extra(1, size, size)]),
      }),
    ],
    [
      'a size beyond any file',
      ['zip-structure'],
      zip({
        central: { size: WIDE, compressedSize: WIDE },
        centralExtra: extra(1, 2n ** 63n, 2n ** 63n),
      }),
    ],
    [
      'a size beyond this file',
      ['zip-structure'],
      zip({
        ...both({ size: WIDE, compressedSize: WIDE }),
        localExtra: extra(1, 2n ** 40n, 2n ** 40n),
        centralExtra: extra(1, 2n ** 40n, 2n ** 40n),
      }),
    ],
  ]);
});

describe('zip: headers that say more than one thing', () => {
  table([
    [
      'a time, an owner and PyTorch’s filler',
      [],
      zip({
        localExtra: Buffer.concat([
          extra(0x5455, Buffer.alloc(5)),
          extra(0x7875, Buffer.alloc(11)),
        ]),
        centralExtra: extra(0x4246, Buffer.from('ZZZZ')),
      }),
    ],
    [
      'another name in an extra field',
      ['zip-structure'],
      zip({ centralExtra: extra(0x7075, Buffer.from('\x01\0\0\0\0evil.pkl', 'latin1')) }),
    ],
    [
      'another name in the local extra field',
      ['zip-structure'],
      zip({ localExtra: extra(0x7075, Buffer.from('\x01\0\0\0\0evil.pkl', 'latin1')) }),
    ],
    [
      'encryption in an extra field',
      ['zip-structure'],
      zip({ centralExtra: extra(0x9901, Buffer.alloc(7)) }),
    ],
    [
      'an extra field that is cut off',
      ['zip-structure'],
      zip({ centralExtra: Buffer.from([1, 0, 9]) }),
    ],
    [
      'an extra field longer than its place',
      ['zip-structure'],
      zip({ centralExtra: Buffer.from([0x55, 0x54, 9, 0, 1]) }),
    ],
    ['a comment of a member', ['zip-structure'], zip({ centralComment: 'PK\x05\x06' })],
    ...[0x0001, 0x0010, 0x0020, 0x0040, 0x0080, 0x1000, 0x2000, 0x4000, 0x8000].map(
      (flags): Case => [`the flag 0x${flags.toString(16)}`, ['zip-method'], zip(both({ flags }))],
    ),
    ...[1, 6, 9, 10, 12, 14, 18, 19, 93, 95, 96, 97, 98, 99].map((method): Case => [
      `method ${method}`,
      ['zip-method'],
      zip(both({ method })),
    ]),
    [
      'bits of the deflater that differ',
      ['zip-headers-differ'],
      zip({ local: { flags: 2 }, central: { flags: 4 } }),
    ],
    ['a descriptor in the directory only', ['zip-headers-differ'], zip({ central: { flags: 8 } })],
    [
      'a descriptor that lies',
      ['zip-headers-differ'],
      put(writeZip([model({ descriptor: true })]), 30 + 5 + GOOD.length + 4, 9),
    ],
    [
      'a descriptor that is not there',
      ['zip-headers-differ'],
      writeZip([model(both({ flags: 8 })), model({ name: 'b.pkl' })]),
    ],
    ['two sizes of stored data', ['zip-headers-differ'], zip(both({ size: GOOD.length + 1 }))],
    [
      'several disks',
      ['zip-structure'],
      zip({}, { end: (end: Buffer) => void end.writeUInt16LE(1, 4) }),
    ],
    [
      'a link, whatever system made it',
      ['zip-method'],
      put(zip({ central: { attributes: 0o120777 } }), -1, 0),
    ],
    ['a version of the format that does not exist', ['zip-method'], put(zip(), -2, 64)],
    ['a device', ['zip-method'], zip({ central: { attributes: 0o020666 } })],
    ['a pipe', ['zip-method'], zip({ central: { attributes: 0o010666 } })],
  ]);
});

describe('zip: names', () => {
  const names = [
    '',
    '/',
    '//m.pkl',
    './m.pkl',
    'a/./m.pkl',
    'a//m.pkl',
    '..',
    'a/..',
    'a/../m.pkl',
    'C:m.pkl',
    'C:\\m.pkl',
    'a\tb',
    'a\x7fb',
    'a\u202eb',
    'a!b',
    '\ufeffm.pkl',
  ];
  table(
    names.map((name): Case => [
      JSON.stringify(name),
      ['zip-member-name'],
      writeZip([model({ name, ...both({ flags: 0x800 }) })]),
    ]),
  );
  table([
    [
      'letters whose encoding is not told',
      ['zip-member-name'],
      writeZip([model({ name: 'ü.pkl' })]),
    ],
    ['letters of UTF-8', [], writeZip([model({ name: 'ü.pkl', ...both({ flags: 0x800 }) })])],
    [
      'the first of two is malicious',
      ['zip-duplicate-member'],
      writeZip([model({ bytes: EVIL }), model()]),
    ],
    [
      'the second of two is malicious',
      ['zip-duplicate-member'],
      writeZip([model(), model({ bytes: EVIL })]),
    ],
  ]);
});

describe('zip: structure', () => {
  table([
    [
      'members without a directory',
      ['zip-structure'],
      writeZip([model()], { end: (end) => void end.fill(0, 8, 20) }),
    ],
    [
      'a directory that begins early',
      ['zip-structure'],
      zip({}, { end: (end: Buffer) => void end.writeUInt32LE(end.readUInt32LE(16) - 1, 16) }),
    ],
    [
      'a directory behind the end',
      ['zip-structure'],
      zip({}, { end: (end: Buffer) => void end.writeUInt32LE(9_000_000, 16) }),
    ],
    [
      'a hole between members',
      ['zip-structure'],
      writeZip([
        model(),
        { name: 'hidden', bytes: EVIL, unlisted: true },
        model({ name: 'b.pkl' }),
      ]),
    ],
    [
      'a member behind the others that the directory does not list',
      ['zip-structure'],
      writeZip([model(), { name: 'hidden', bytes: EVIL, unlisted: true }]),
    ],
    [
      'an entry of the directory that points behind',
      ['zip-structure'],
      zip({ central: { offset: 4_000_000 } }),
    ],
    [
      'an entry of the directory that points into data',
      ['zip-structure'],
      zip({ central: { offset: 3 } }),
    ],
    ['two entries for one member', ['zip-headers-differ'], overlapping(1)],
    ['a thousand entries for one member', ['zip-headers-differ'], overlapping(1000)],
    [
      'a member in a member',
      ['zip-structure'],
      writeZip([{ name: 'a.zip', bytes: bare }, model({ central: { offset: 30 + 5 } })]),
    ],
    [
      'a bomb by ratio',
      ['limit-exceeded'],
      zip({ bytes: Buffer.alloc(20_000_000), deflate: true }),
    ],
    [
      'data behind the end of the deflated ones',
      ['zip-headers-differ'],
      zip({ deflate: true, packed: Buffer.concat([zlib.deflateRawSync(GOOD), EVIL]) }),
    ],
    [
      'deflated data that end early',
      ['zip-structure'],
      zip({ deflate: true, packed: zlib.deflateRawSync(GOOD).subarray(0, -2) }),
    ],
    [
      'deflated data of more bytes than told',
      ['zip-structure'],
      zip({ deflate: true, bytes: GOOD, ...both({ size: 5 }) }),
    ],
    [
      'a wrong checksum; the call is found all the same',
      ['zip-crc', ...EVIL_RULES],
      zip({ bytes: EVIL, ...both({ crc: 1 }) }),
    ],
    [
      'an executable program in front',
      ['zip-structure', 'format-executable'],
      Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(300, 0xee), bare]),
    ],
  ]);

  it('counts members before it reads them: 70 000 are one too many', () => {
    const many = writeZip([model()], {
      zip64: { count: 70_000 },
      end: (end) => void end.writeUInt32LE(0xffffffff, 8),
    });
    expect(rulesOf(scanBytes('m.zip', many))).to.deep.equal(['limit-exceeded']);
  });

  it('what many members unpack to counts together', () => {
    const noise = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i * 31) % 253));
    const members = ['a.npy', 'b.npy'].map((name) => ({ name, bytes: noise, deflate: true }));
    expect(
      rulesOf(scanBytes('m.npz', writeZip(members), 'model', { unpackedBytes: 100_000 })),
    ).to.include('limit-exceeded');
  });
});

describe('a zip at the end of something else, or something else at the end of a zip', () => {
  const tail = writeZip([{ name: 'archive/data.pkl', bytes: EVIL }]);
  const inFront: [string, Buffer, string][] = [
    ['a pickle', GOOD, 'm.pkl'],
    ['safetensors', honest('plain.safetensors'), 'm.safetensors'],
    ['an array', honest('plain.npy'), 'm.npy'],
    ['a tar', writeTar([model()]), 'm.tar'],
    ['an older PyTorch file', honest('legacy-2.pt'), 'm.pt'],
    ['gzip', zlib.gzipSync(GOOD), 'm.pkl.gz'],
    ['xz', honest('packed-xz.joblib'), 'm.joblib'],
    ['JSON', Buffer.from('{}'), 'm.json'],
  ];
  table(
    inFront.map(([what, bytes, name]): Case => [
      `${what}, then a zip`,
      ['zip-structure'],
      Buffer.concat([bytes, tail]),
      name,
    ]),
  );
  table([
    ['a zip, then a pickle', ['zip-structure'], Buffer.concat([bare, EVIL])],
    ['a zip, then a zip', ['zip-structure'], Buffer.concat([bare, tail])],
    [
      'a zip in the comment of a zip',
      ['zip-structure'],
      writeZip([model()], { comment: tail.toString('latin1') }),
    ],
    ['a zip under .safetensors', ['format-extension-mismatch'], bare, 'm.safetensors'],
    [
      'RAR under .pt',
      ['format-not-understood', 'format-extension-mismatch'],
      Buffer.concat([Buffer.from('Rar!\x1a\x07\x01\0', 'latin1'), Buffer.alloc(100, 0xee)]),
      'm.pt',
    ],
    [
      '7z under .pkl',
      ['format-not-understood', 'format-extension-mismatch'],
      Buffer.concat([Buffer.from('377abcaf271c', 'hex'), Buffer.alloc(100, 0xee)]),
      'm.pkl',
    ],
  ]);
});

describe('TorchScript and other programs of PyTorch', () => {
  const script = (name: string): Member => ({
    name: `archive/${name}`,
    bytes: Buffer.from('def forward(self):\n  return ops.aten.system()\n'),
  });
  table([
    ['code/__torch__.py', ['torch-script'], torch(script('code/__torch__.py')), 'm.pt'],
    [
      'code/__torch__.py.debug_pkl',
      ['pickle-structure'],
      torch(script('code/__torch__.py.debug_pkl')),
      'm.pt',
    ],
    ...['constants/0', 'extra/notes'].map((name): Case => [
      `${name} without a program`,
      ['torch-layout', 'format-not-understood'],
      torch(script(name)),
      'm.pt',
    ]),
    ...[
      'constants.pkl',
      'bytecode.pkl',
      'mobile_debug_handles.pkl',
      'attributes.pkl',
      '.data/extern_modules',
      'DATA.pkl',
    ].map((name): Case => [name, ['torch-layout'], torch(script(name)), 'm.pt']),
    [
      'a call in constants.pkl',
      EVIL_RULES,
      torch(
        {
          name: 'archive/code/__torch__.py',
          bytes: Buffer.from('class M(Module):\n  training : bool\n'),
        },
        { name: 'archive/constants.pkl', bytes: EVIL },
      ),
      'm.pt',
    ],
    [
      'a package of torch.package',
      ['format-not-understood'],
      writeZip([
        { name: 'p/model/model.pkl', bytes: GOOD },
        { name: 'p/.data/version', bytes: Buffer.from('6\n') },
        { name: 'p/model.py', bytes: Buffer.from('x = 1\n') },
      ]),
      'm.pt',
    ],
    [
      'a first folder that is not that of data.pkl',
      ['torch-layout'],
      writeZip([
        { name: 'other/version', bytes: Buffer.from('3\n') },
        { name: 'archive/data.pkl', bytes: GOOD },
      ]),
      'm.pt',
    ],
  ]);
});

/**
 * `bytes` with one of them replaced; below zero, in the first entry of the directory: -1 which
 * system made it, -2 which version it needs
 */
function put(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(value, at >= 0 ? at : copy.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 4 - at);
  return copy;
}
