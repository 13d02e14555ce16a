import { expect } from 'chai';
import fs from 'node:fs';
import {
  assemble,
  global,
  pickle,
  proto,
  stackGlobal,
  text,
  u32,
  u64,
  type Part,
} from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeZip } from './zip-writer.ts';

const EVIL = pickle(global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const EVIL_RULES = ['pickle-global-blocked', 'pickle-call-blocked'];
const MAGIC = assemble(proto(2), 'LONG1', 10, Buffer.from('6cfc9c46f9206aa85019', 'hex'), 'STOP');
const VERSION = assemble(proto(2), 'BININT2', 0xe9, 0x03, 'STOP');
const SYSTEM = assemble(proto(2), 'EMPTY_DICT', 'BINPUT', 0, 'STOP');
const str = (value: string): Buffer =>
  assemble('BINUNICODE', u32(value.length), Buffer.from(value));
const numbers = (...values: number[]): Buffer =>
  assemble('MARK', ...values.map((value) => assemble('BININT', u32(value))), 'TUPLE');

const withSource = (module: string, name: string): Buffer =>
  assemble(
    'MARK',
    str('module'),
    global(module, name),
    str('a.py'),
    str('class A: pass'),
    'TUPLE',
    'BINPERSID',
  );

interface Reference {
  key?: string;
  type?: [string, string];
  count?: number;
  view?: Part[];
  shape?: number[];
  offset?: number;
}

const storage = ({
  key = '94001',
  type = ['torch', 'FloatStorage'],
  count = 6,
  view = ['NONE'],
}: Reference = {}): Buffer =>
  assemble(
    'MARK',
    str('storage'),
    global(...type),
    str(key),
    str('cpu'),
    'BININT1',
    count,
    ...view,
    'TUPLE',
    'BINPERSID',
  );
const tensor = (of: Buffer, { shape = [2, 3], offset = 0 }: Reference = {}): Buffer =>
  assemble(
    global('torch._utils', '_rebuild_tensor_v2'),
    'MARK',
    of,
    'BININT1',
    offset,
    numbers(...shape),
    numbers(shape[1]!, 1),
    'NEWFALSE',
    global('collections', 'OrderedDict'),
    'EMPTY_TUPLE',
    'REDUCE',
    'TUPLE',
    'REDUCE',
  );
const model = (reference: Reference = {}): Buffer =>
  assemble(proto(2), tensor(storage(reference), reference), 'STOP');
const list = (...keys: string[]): Buffer =>
  assemble(proto(2), 'EMPTY_LIST', 'BINPUT', 0, 'MARK', ...keys.map(str), 'APPENDS', 'STOP');
const data = (count = 6, bytes = 24): Buffer => Buffer.concat([u64(count), Buffer.alloc(bytes)]);
const whole = (
  parts: {
    magic?: Buffer;
    version?: Buffer;
    system?: Buffer;
    model?: Buffer;
    list?: Buffer;
    data?: Buffer;
  } = {},
): Buffer =>
  Buffer.concat([
    parts.magic ?? MAGIC,
    parts.version ?? VERSION,
    parts.system ?? SYSTEM,
    parts.model ?? model(),
    parts.list ?? list('94001'),
    parts.data ?? data(),
  ]);
/** bytes handed to torch.storage._load_from_bytes, as pickles of tensors have them */
const inBytes = (bytes: Buffer): Buffer =>
  assemble(
    stackGlobal('torch.storage', '_load_from_bytes'),
    'BINBYTES',
    u32(bytes.length),
    bytes,
    'TUPLE1',
    'REDUCE',
  );
const lone = (reference: Reference = {}): Buffer =>
  whole({ model: assemble(proto(2), storage(reference), 'STOP') });

describe('PyTorch files of before 1.6', () => {
  const cases: [string, string[], string, Buffer][] = [
    ['a tensor', [], 'model.pt', whole()],
    ['the same under .pkl', [], 'model.pkl', whole()],
    ['the same under .bin', [], 'pytorch_model.bin', whole()],
    ['the same under .safetensors', ['format-extension-mismatch'], 'model.safetensors', whole()],
    [
      'one key alone, as the pickler writes it',
      [],
      'model.pt',
      whole({
        list: assemble(proto(2), 'EMPTY_LIST', 'BINPUT', 0, str('94001'), 'APPEND', 'STOP'),
      }),
    ],
    [
      'a call in the model',
      EVIL_RULES,
      'model.pt',
      whole({ model: EVIL, list: list(), data: Buffer.alloc(0) }),
    ],
    ['a call before the model', EVIL_RULES, 'model.pt', whole({ system: EVIL })],
    [
      'a call behind the model',
      [...EVIL_RULES, 'torch-storage'],
      'model.pt',
      whole({ list: EVIL }),
    ],
    [
      'a call behind the last storage',
      ['format-trailing-data'],
      'model.pt',
      Buffer.concat([whole(), EVIL]),
    ],
    ['only the magic number', ['torch-layout'], 'model.pt', MAGIC],
    [
      'another version',
      ['torch-layout'],
      'model.pt',
      whole({ version: assemble(proto(2), 'BININT2', 0xea, 0x03, 'STOP') }),
    ],
    ['a call in place of the version', ['torch-layout'], 'model.pt', whole({ version: EVIL })],
    [
      'a storage that says another size than the pickle',
      ['torch-storage'],
      'model.pt',
      whole({ data: data(7) }),
    ],
    [
      'a storage with a negative size',
      ['torch-storage'],
      'model.pt',
      whole({ data: Buffer.concat([Buffer.alloc(8, 0xff), Buffer.alloc(24)]) }),
    ],
    ['a storage cut short', ['torch-storage'], 'model.pt', whole({ data: data(6, 23) })],
    [
      'bytes behind the storages',
      ['format-trailing-data'],
      'model.pt',
      whole({ data: data(6, 25) }),
    ],
    [
      'a storage listed twice',
      ['torch-storage'],
      'model.pt',
      whole({ list: list('94001', '94001') }),
    ],
    [
      'a storage that nobody uses',
      ['torch-storage'],
      'model.pt',
      whole({ list: list('94001', '94002'), data: Buffer.concat([data(), data()]) }),
    ],
    [
      'a storage that is not listed',
      ['torch-storage'],
      'model.pt',
      whole({ list: list(), data: Buffer.alloc(0) }),
    ],
    [
      'a key that is no number',
      ['torch-storage'],
      'model.pt',
      whole({ model: model({ key: '../a' }), list: list('../a') }),
    ],
    [
      'keys in a tuple',
      ['torch-storage'],
      'model.pt',
      whole({ list: assemble(proto(2), str('94001'), 'TUPLE1', 'STOP') }),
    ],
    [
      'keys computed',
      ['torch-storage'],
      'model.pt',
      whole({
        list: assemble(proto(2), 'EMPTY_LIST', str('94001'), 'DUP', 'POP', 'APPEND', 'STOP'),
      }),
    ],
    [
      'a tensor beyond its storage',
      ['torch-tensor-bounds'],
      'model.pt',
      whole({ model: model({ shape: [2, 4] }) }),
    ],
    [
      'a tensor whose offset leads out',
      ['torch-tensor-bounds'],
      'model.pt',
      whole({ model: model({ offset: 1 }) }),
    ],
    [
      'a storage used with two types',
      ['torch-storage'],
      'model.pt',
      whole({
        model: assemble(
          proto(2),
          tensor(storage()),
          tensor(storage({ type: ['torch', 'DoubleStorage'], count: 3 }), { shape: [1, 3] }),
          'TUPLE2',
          'STOP',
        ),
      }),
    ],
    [
      'a view of a storage',
      ['pickle-persistent-id'],
      'model.pt',
      whole({ model: model({ view: [str('1'), 'BININT1', 0, 'BININT1', 6, 'TUPLE3'] }) }),
    ],
    [
      'a reference of the newer form',
      ['pickle-persistent-id'],
      'model.pt',
      whole({ model: model({ view: [] }) }),
    ],
    [
      'a layer with the source of its class',
      [],
      'model.pt',
      whole({
        model: assemble(
          proto(2),
          withSource('torch.nn.modules.linear', 'Linear'),
          'EMPTY_TUPLE',
          'NEWOBJ',
          'EMPTY_DICT',
          'BUILD',
          'STOP',
        ),
        list: list(),
        data: Buffer.alloc(0),
      }),
    ],
    [
      'a function with its source',
      EVIL_RULES,
      'model.pt',
      whole({
        model: assemble(
          proto(2),
          withSource('os', 'system'),
          str('id'),
          'TUPLE1',
          'REDUCE',
          'STOP',
        ),
      }),
    ],
    [
      'a class with something that is no text',
      ['pickle-persistent-id'],
      'model.pt',
      whole({
        model: assemble(
          proto(2),
          'MARK',
          str('module'),
          global('torch.nn.modules.linear', 'Linear'),
          'EMPTY_LIST',
          str('x'),
          'TUPLE',
          'BINPERSID',
          'STOP',
        ),
      }),
    ],
    [
      'a zip appended',
      ['zip-structure', 'format-ambiguous', 'format-trailing-data'],
      'model.pt',
      Buffer.concat([whole(), writeZip([{ name: 'a', bytes: EVIL }])]),
    ],
    ['a tensor in an ordinary pickle', [], 'model.pkl', pickle(tensor(inBytes(lone())))],
    [
      'a call in the bytes of such a tensor',
      EVIL_RULES,
      'model.pkl',
      pickle(inBytes(whole({ model: EVIL, list: list(), data: Buffer.alloc(0) }))),
    ],
    [
      'such a tensor beyond its storage',
      ['torch-tensor-bounds'],
      'model.pkl',
      pickle(tensor(inBytes(lone()), { shape: [2, 4] })),
    ],
    [
      'bytes that are more than a storage, taken for one',
      ['pickle-call-arguments'],
      'model.pkl',
      pickle(tensor(inBytes(whole()))),
    ],
  ];
  for (const [what, rules, name, bytes] of cases) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes(name, bytes);
      if (rules.length === 0) expect(result.findings).to.deep.equal([]);
      else expect(rulesOf(result), JSON.stringify(result.findings)).to.include.members(rules);
      expect(result.verdict).to.equal(rules.length === 0 ? 'pass' : 'block');
    });
  }

  it('whatever single byte of an honest file is changed, nothing crashes; wherever it is cut, it is refused', () => {
    const honest = fs.readFileSync(
      new URL('../../samples/scan/honest/legacy-4.pt', import.meta.url),
    );
    for (let at = 0; at < honest.length; at += 13) {
      const changed = Buffer.from(honest);
      changed[at]! ^= [0x01, 0x80, 0xff][at % 3]!;
      expect(rulesOf(scanBytes('model.pt', changed))).to.not.include('scan-crashed');
      expect(rulesOf(scanBytes('model.pt', honest.subarray(0, at))), `cut at ${at}`)
        .to.have.length.above(0)
        .and.not.include('scan-crashed');
    }
  }).timeout(120_000);
});
