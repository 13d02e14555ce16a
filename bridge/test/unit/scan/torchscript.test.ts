import { expect } from 'chai';
import { judgeScript } from '../../../src/scan/torchscript/judge.ts';
import { assemble, pickle, proto, text, u32 } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeZip, type Member } from './zip-writer.ts';

const CLASS =
  'class M(Module):\n  __parameters__ = []\n  training : bool\n  scale : Final[float] = 1.0000000000000001e-05\n';
const program = (body: string): string =>
  `${CLASS}  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    ${body}\n    return x\n`;

const HONEST: [what: string, code: string][] = [
  ['operators', program('y = torch.add(x, 1)')],
  [
    'its own methods and classes',
    program('_0 = __torch__.torch.nn.functional.relu\n    y = _0((self).helper((x).t, ), )'),
  ],
  [
    'a tensor of its own in brackets',
    program('_1, _2, = ops.prim.shape(x)\n    y = (CONSTANTS.c0)[1]'),
  ],
  [
    'a refusal',
    program(
      'ops.prim.RaiseException(torch.format("{}D, \\"os.system(1)\\" is text", torch.dim(x)), "builtins.ValueError")',
    ),
  ],
  ['an attribute called import', program('y = (self).import_')],
  ['a comment', program('y = x  # import os')],
  [
    'types',
    'def f(x: Optional[Dict[str, List[Tuple[Tensor, int]]]]=None, y: float=-inf) -> NoneType:\n  return None\n',
  ],
];
const HOSTILE: [what: string, code: string, symbol: string][] = [
  ['a file read', program('y = torch.from_file("/etc/passwd", False, 10)'), 'torch.from_file'],
  ['a file written', program('torch.save(x, "/srv/a")'), 'torch.save'],
  ['the same through ops', program('ops.aten.save(x, "/srv/a")'), 'ops.aten.save'],
  ['an operator of somebody', program('y = ops.evil.run(x)'), 'ops.evil.run'],
  ['an operator of somebody, by half its name', program('y = ops.evil'), 'ops.evil'],
  ['Python', program('y = ops.prim.PythonOp(x)'), 'ops.prim.PythonOp'],
  ['another machine', program('y = rpc_async("w", __torch__.f, (x,))'), 'rpc_async'],
  [
    'memory that nobody checks',
    program('y = torch._sparse_coo_tensor_unsafe(x, x, [1])'),
    'torch._sparse_coo_tensor_unsafe',
  ],
  [
    'an object of a C++ library',
    program('y = __torch__.torch.classes.evil.Run()'),
    '__torch__.torch.classes.evil.Run',
  ],
  [
    'the same in two steps',
    program('_0 = __torch__.torch\n    y = _0.classes.evil.Run()'),
    '__torch__.torch',
  ],
  [
    'the same in two other steps',
    program('_0 = __torch__.torch.classes\n    y = _0.evil.Run()'),
    '__torch__.torch.classes',
  ],
  ['the same in brackets', program('y = (__torch__).torch.classes.evil.Run()'), '__torch__'],
  ['an import', `import os\n${program('y = x')}`, 'import'],
  ['torch in two words', program('y = torch\n    z = y.save(x, "a")'), 'torch'],
  ['torch over a line end', program('y = torch .\n      save(x, "a")'), 'torch.save'],
  ['a string that does not end', program('y = "a'), ''],
  ['a letter that looks like another', program('y = tоrch.save(x)'), ''],
  ['a tab', program('\ty = x'), ''],
];

describe('programs of TorchScript', () => {
  for (const [what, code] of HONEST) {
    it(`pass: ${what}`, () => {
      expect(judgeScript(code)).to.deep.equal([]);
    });
  }
  for (const [what, code, symbol] of HOSTILE) {
    it(`are refused: ${what}`, () => {
      expect(judgeScript(code).map((finding) => finding.symbol)).to.include(symbol);
    });
  }

  const DATA = assemble(
    proto(2),
    'GLOBAL',
    Buffer.from('__torch__\nM\n'),
    'EMPTY_TUPLE',
    'NEWOBJ',
    'EMPTY_DICT',
    text('training'),
    'NEWFALSE',
    'SETITEM',
    'BUILD',
    'STOP',
  );
  const member = (name: string, bytes: Uint8Array | string): Member => ({
    name: `m/${name}`,
    bytes: Buffer.from(bytes),
  });
  const archive = (...others: Member[]): Buffer =>
    writeZip([member('data.pkl', DATA), member('version', '3\n'), ...others]);
  const code = member('code/__torch__.py', program('y = x'));
  const op = (name: string): Buffer =>
    Buffer.concat([Buffer.from([0x58]), u32(name.length), Buffer.from(name)]);
  const bytecode = (...parts: Buffer[]): Member =>
    member('bytecode.pkl', assemble(proto(2), 'MARK', ...parts, 'TUPLE', 'STOP'));
  const packed = (space: string, name: string): Buffer =>
    writeZip([
      member(
        'data.pkl',
        assemble(
          proto(2),
          'GLOBAL',
          Buffer.from(`__torch__.torch.classes.${space}\n${name}\n`),
          'EMPTY_TUPLE',
          'NEWOBJ',
          'NONE',
          'NONE',
          'TUPLE2',
          'BUILD',
          'STOP',
        ),
      ),
      member('version', '3\n'),
      code,
    ]);
  const files: [what: string, rules: string[], file: Buffer][] = [
    ['a program and its object', [], archive(code)],
    ['an object without its program', ['pickle-global-blocked', 'pickle-call-blocked'], archive()],
    ['notes of the owner', [], archive(code, member('extra/labels.txt', 'cat\ndog'))],
    [
      'a note that is no text',
      ['torch-script'],
      archive(code, member('extra/run', Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1'))),
    ],
    [
      'a program that reads a file',
      ['torch-script'],
      archive(member('code/__torch__.py', program('y = torch.from_file("a")'))),
    ],
    ['a mobile program', [], archive(code, bytecode(op('aten::add'), op('Tensor')))],
    [
      'a mobile program that writes a file',
      ['torch-script'],
      archive(code, bytecode(op('aten::save'))),
    ],
    [
      'a mobile program whose operator is named in another form',
      ['torch-script'],
      archive(
        code,
        member('bytecode.pkl', pickle('SHORT_BINUNICODE', 9, Buffer.from('aten::add'))),
      ),
    ],
    [
      'a constant that is not there',
      ['torch-storage', 'pickle-call-arguments'],
      archive(
        code,
        member(
          'constants.pkl',
          assemble(
            proto(2),
            'GLOBAL',
            Buffer.from('torch._utils\n_rebuild_tensor_v2\n'),
            'MARK',
            'MARK',
            text('storage'),
            'GLOBAL',
            Buffer.from('torch\nFloatStorage\n'),
            text('0'),
            text('cpu'),
            'BININT1',
            1,
            'TUPLE',
            'BINPERSID',
            'BININT1',
            0,
            'EMPTY_TUPLE',
            'EMPTY_TUPLE',
            'NEWFALSE',
            'NONE',
            'TUPLE',
            'REDUCE',
            'STOP',
          ),
        ),
      ),
    ],
    [
      'a constant that nobody uses',
      ['torch-layout'],
      archive(code, member('constants.pkl', pickle('EMPTY_TUPLE')), member('constants/0', 'abcd')),
    ],
    [
      'numbers where no pickle says what they are',
      ['torch-layout', 'format-not-understood'],
      archive(code, member('constants/0', 'abcd')),
    ],
    [
      'Python that is not of the program',
      ['torch-layout', 'format-not-understood'],
      archive(code, member('lib/run.py', 'x = 1\n')),
    ],
    ['the packed weights of a quantized layer', [], packed('quantized', 'LinearPackedParamsBase')],
    [
      'the packed weights of something else',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      packed('rnn', 'CellParamsBase'),
    ],
    [
      'the packed weights of something else by the name of a layer',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      packed('evil', 'LinearPackedParamsBase'),
    ],
    [
      'an object of a C++ library',
      ['pickle-global-blocked', 'pickle-call-blocked'],
      writeZip([
        member(
          'data.pkl',
          assemble(
            proto(2),
            'GLOBAL',
            Buffer.from('__torch__.torch.classes.evil\nRun\n'),
            'EMPTY_TUPLE',
            'NEWOBJ',
            'STOP',
          ),
        ),
        member('version', '3\n'),
        code,
      ]),
    ],
  ];
  for (const [what, rules, file] of files) {
    it(`file: ${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes('m.pt', file);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
    });
  }
});
