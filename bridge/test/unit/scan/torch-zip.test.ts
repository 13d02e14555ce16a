import { expect } from 'chai';
import { assemble, global, pickle, proto, text, u32 } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeZip, type Member } from './zip-writer.ts';

interface TensorSpec {
  key?: string;
  count?: number;
  shape?: number[];
  strides?: number[];
  offset?: number;
  type?: [string, string];
  dtype?: string;
}

/** `{"weight": tensor}` as torch.save pickles a state_dict (protocol 2). */
function statePickle(spec: TensorSpec = {}): Buffer {
  const {
    key = '0',
    count = 6,
    shape = [2, 3],
    strides = [3, 1],
    offset = 0,
    type = ['torch', 'FloatStorage'],
    dtype,
  } = spec;
  const numbers = (values: number[]): Buffer =>
    assemble('MARK', ...values.map((value) => assemble('BININT', u32(value))), 'TUPLE');
  const str = (value: string): Buffer =>
    assemble('BINUNICODE', u32(value.length), Buffer.from(value));
  return assemble(
    proto(2),
    'EMPTY_DICT',
    'BINPUT',
    0,
    'MARK',
    str('weight'),
    global('torch._utils', dtype === undefined ? '_rebuild_tensor_v2' : '_rebuild_tensor_v3'),
    'MARK',
    'MARK',
    str('storage'),
    global(...type),
    str(key),
    str('cpu'),
    'BININT1',
    count,
    'TUPLE',
    'BINPERSID',
    'BININT1',
    offset,
    numbers(shape),
    numbers(strides),
    'NEWFALSE',
    global('collections', 'OrderedDict'),
    'EMPTY_TUPLE',
    'REDUCE',
    dtype === undefined ? Buffer.alloc(0) : global('torch', dtype),
    'TUPLE',
    'REDUCE',
    'SETITEMS',
    'STOP',
  );
}

const members = (data: Buffer, storage = Buffer.alloc(24)): Member[] => [
  { name: 'archive/data.pkl', bytes: data, descriptor: true },
  { name: 'archive/byteorder', bytes: Buffer.from('little'), descriptor: true },
  { name: 'archive/data/0', bytes: storage, descriptor: true },
  { name: 'archive/version', bytes: Buffer.from('3\n'), descriptor: true },
  { name: 'archive/.data/serialization_id', bytes: Buffer.from('1234567890'), descriptor: true },
];
const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const honest = (): Buffer => writeZip(members(statePickle()));
const attack = (change: (list: Member[]) => void): Buffer => {
  const list = members(statePickle());
  change(list);
  return writeZip(list);
};

describe('PyTorch zip', () => {
  it('passes what torch.save writes, under every extension that people use', () => {
    for (const name of ['model.pt', 'model.pth', 'pytorch_model.bin', 'model.ckpt']) {
      const result = scanBytes(name, honest());
      expect(result.findings).to.deep.equal([]);
      expect(result.details.formats[name]).to.equal('torch-zip');
    }
  });

  it('passes types that have no storage of their own, over a storage of bytes', () => {
    const spec = (shape: number[]): Buffer =>
      writeZip(
        members(
          statePickle({
            type: ['torch.storage', 'UntypedStorage'],
            count: 24,
            dtype: 'uint32',
            shape,
            strides: [shape[1]!, 1],
          }),
        ),
      );
    expect(scanBytes('model.pt', spec([2, 3])).findings).to.deep.equal([]);
    expect(rulesOf(scanBytes('model.pt', spec([2, 4])))).to.deep.equal(['torch-tensor-bounds']);
  });

  const attacks: [string, string, Buffer][] = [
    ['a call in data.pkl', 'pickle-call-blocked', writeZip(members(EVIL))],
    ['a storage that is not there', 'torch-storage', writeZip(members(statePickle({ key: '9' })))],
    [
      'a storage shorter than the pickle says',
      'torch-storage',
      writeZip(members(statePickle(), Buffer.alloc(20))),
    ],
    [
      'a tensor beyond its storage',
      'torch-tensor-bounds',
      writeZip(members(statePickle({ shape: [2, 4] }))),
    ],
    [
      'a tensor whose offset leads out',
      'torch-tensor-bounds',
      writeZip(members(statePickle({ offset: 1 }))),
    ],
    [
      'strides that lead out',
      'torch-tensor-bounds',
      writeZip(members(statePickle({ strides: [300, 1] }))),
    ],
    [
      'a negative stride',
      'torch-tensor-bounds',
      writeZip(members(statePickle({ strides: [3, -1] }))),
    ],
    [
      'more elements than can be counted',
      'torch-tensor-bounds',
      writeZip(members(statePickle({ shape: [2 ** 30, 2 ** 30], strides: [0, 0] }))),
    ],
    [
      'a tensor that is given another storage and shape afterwards',
      'pickle-state-blocked',
      writeZip(
        members(
          Buffer.concat([
            statePickle().subarray(0, -2),
            assemble('EMPTY_TUPLE', 'BUILD', 'SETITEMS', 'STOP'),
          ]),
        ),
      ),
    ],
    [
      'a storage class that is none',
      'pickle-persistent-id',
      writeZip(members(statePickle({ type: ['collections', 'OrderedDict'] }))),
    ],
    [
      'an unknown member',
      'torch-layout',
      attack((list) => list.push({ name: 'archive/other', bytes: Buffer.from('hello world') })),
    ],
    [
      'a pickle with an odd extension beside data.pkl',
      'pickle-call-blocked',
      attack((list) => list.push({ name: 'archive/notes.txt', bytes: EVIL })),
    ],
    [
      'a second data.pkl',
      'torch-layout',
      attack((list) => list.push({ name: 'b/data.pkl', bytes: statePickle() })),
    ],
    [
      'a storage that nobody uses',
      'torch-layout',
      attack((list) => list.push({ name: 'archive/data/1', bytes: EVIL })),
    ],
    [
      'TorchScript that does more than calculate',
      'torch-script',
      attack((list) =>
        list.push({
          name: 'archive/code/__torch__.py',
          bytes: Buffer.from('def f():\n  ops.evil.run()\n'),
        }),
      ),
    ],
  ];
  for (const [what, rule, bytes] of attacks) {
    it(`${what} → ${rule}`, () => {
      const result = scanBytes('model.pt', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  it('names the member in which a finding lies', () => {
    expect(scanBytes('model.pt', writeZip(members(EVIL))).findings[0]!.file).to.equal(
      'model.pt!archive/data.pkl',
    );
  });
});

describe('zip, read as only one reader could', () => {
  const one = (change: Partial<Member>): Member[] => [
    { ...members(statePickle())[0]!, descriptor: false, ...change },
  ];
  const rest = members(statePickle()).slice(1);
  const whole = (change: Partial<Member>, options = {}): Buffer =>
    writeZip([...one(change), ...rest], options);
  const end = honest().subarray(-22);
  const attacks: [string, string, Buffer][] = [
    ['names that differ', 'zip-headers-differ', whole({ local: { name: 'archive/DATA.pkl' } })],
    ['methods that differ', 'zip-headers-differ', whole({ local: { method: 8 } })],
    ['sizes that differ', 'zip-headers-differ', whole({ local: { size: 1 } })],
    ['flag bits that differ', 'zip-headers-differ', whole({ local: { flags: 2 } })],
    ['checksums that differ', 'zip-headers-differ', whole({ local: { crc: 1 } })],
    ['encryption', 'zip-method', whole({ local: { flags: 1 }, central: { flags: 1 } })],
    ['an unknown method', 'zip-method', whole({ local: { method: 12 }, central: { method: 12 } })],
    ['a symbolic link', 'zip-method', whole({ central: { attributes: 0o120777 } })],
    [
      'a wrong checksum, and the content is judged all the same',
      'zip-crc',
      whole({ bytes: EVIL, local: { crc: 1 }, central: { crc: 1 } }),
    ],
    [
      'two members of one name',
      'zip-duplicate-member',
      writeZip([...members(EVIL), ...members(statePickle())]),
    ],
    ['a path that leads up', 'zip-member-name', whole({ name: '../data.pkl' })],
    ['an absolute path', 'zip-member-name', whole({ name: '/data.pkl' })],
    ['a backslash', 'zip-member-name', whole({ name: 'archive\\data.pkl' })],
    ['NUL in a name', 'zip-member-name', whole({ name: 'archive/data.pkl\0.txt' })],
    ['junk before', 'zip-structure', whole({}, { prefix: Buffer.from('junk') })],
    [
      'junk between members and directory',
      'zip-structure',
      whole({}, { gap: Buffer.from('junk') }),
    ],
    ['junk before the end record', 'zip-structure', whole({}, { beforeEnd: Buffer.from('junk') })],
    ['a comment', 'zip-structure', whole({}, { comment: 'hello' })],
    [
      'an end record in the comment',
      'zip-structure',
      whole({}, { comment: end.toString('latin1') }),
    ],
    ['two end records', 'zip-structure', Buffer.concat([honest(), end])],
    ['bytes behind the end', 'zip-structure', Buffer.concat([honest(), Buffer.from('x')])],
    ['no directory', 'zip-structure', honest().subarray(0, 200)],
    ['fewer entries than told', 'zip-structure', whole({}, { count: 9 })],
    ['more entries than told', 'zip-structure', whole({}, { count: 2 })],
    [
      'members that overlap',
      'zip-structure',
      writeZip([
        { name: 'a', bytes: writeZip([{ name: 'b', bytes: EVIL }]) },
        { name: 'b', bytes: EVIL, central: { offset: 31 } },
      ]),
    ],
    ['a pickle before the zip', 'format-ambiguous', Buffer.concat([pickle('NONE'), honest()])],
    [
      'a size that is a lie',
      'zip-headers-differ',
      whole({
        bytes: Buffer.alloc(500),
        deflate: true,
        local: { size: 600 },
        central: { size: 600 },
      }),
    ],
    [
      'a bomb',
      'limit-exceeded',
      whole({
        bytes: Buffer.alloc(8_000_000),
        deflate: true,
        local: { size: 80_000_000 },
        central: { size: 80_000_000 },
      }),
    ],
    [
      'an unknown collection of files',
      'format-not-understood',
      writeZip([{ name: 'a.txt', bytes: Buffer.from('hello') }]),
    ],
    [
      'a zip in a zip in a zip in a zip',
      'format-nested-too-deep',
      [1, 2, 3, 4, 5].reduce((inner) => writeZip([{ name: 'a.zip', bytes: inner }]), honest()),
    ],
  ];
  for (const [what, rule, bytes] of attacks) {
    it(`${what} → ${rule}`, () => {
      const result = scanBytes('model.pt', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  it('judges the content in spite of a wrong checksum', () => {
    expect(
      rulesOf(
        scanBytes('model.pt', whole({ bytes: EVIL, local: { crc: 1 }, central: { crc: 1 } })),
      ),
    ).to.include('pickle-call-blocked');
  });

  it('counts members', () => {
    expect(rulesOf(scanBytes('model.pt', honest(), 'model', { members: 4 }))).to.deep.equal([
      'limit-exceeded',
    ]);
  });
});
