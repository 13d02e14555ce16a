import { expect } from 'chai';
import { isExpression, isGuard } from '../../../src/scan/torchexport/expressions.ts';
import { isTarget } from '../../../src/scan/torchexport/targets.ts';
import { global, pickle, proto, assemble, text } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeZip, type Member } from './zip-writer.ts';

const symbol = "Symbol('s77', positive=True, integer=True)";
const spec = (type: string, context: string, ...children: string[]): string =>
  `{"type": ${type}, "context": ${JSON.stringify(context)}, "children_spec": [${children.join(', ')}]}`;
const LEAF = '{"type": null, "context": null, "children_spec": []}';
const inputs = (key = 'x'): string =>
  `[1, ${spec('"builtins.tuple"', 'null', spec('"builtins.tuple"', 'null', LEAF), spec('"builtins.dict"', `["${key}"]`, LEAF))}]`;
const meta = (sizes: number[], dtype = 7): object => ({
  dtype,
  sizes: sizes.map((n) => ({ as_int: n })),
  requires_grad: true,
  device: { type: 'cpu', index: null },
  strides: sizes.map((_, i) => ({ as_int: sizes.slice(i + 1).reduce((a, b) => a * b, 1) })),
  storage_offset: { as_int: 0 },
  layout: 7,
});

interface Change {
  target?: string;
  name?: string;
  expr?: string;
  key?: string;
  in?: string;
  out?: string;
  guard?: string;
  extra?: object;
  graph?: object;
}
/** a program of one call, as torch.export writes it */
const program = (change: Change = {}): string =>
  JSON.stringify({
    graph_module: {
      graph: {
        inputs: [{ as_tensor: { name: change.name ?? 'x' } }],
        outputs: [{ as_tensor: { name: 'relu' } }],
        nodes: [
          {
            target: change.target ?? 'torch.ops.aten.relu.default',
            inputs: [{ name: 'self', arg: { as_tensor: { name: 'x' } }, kind: 1 }],
            outputs: [{ as_tensor: { name: 'relu' } }],
            metadata: { stack_trace: 'import os; os.system("true")' },
            is_hop_single_tensor_return: null,
          },
        ],
        tensor_values: {
          [change.key ?? 'x']: {
            ...meta([2]),
            sizes: [{ as_expr: { expr_str: change.expr ?? symbol, hint: { as_int: 2 } } }],
          },
        },
        sym_int_values: {},
        sym_bool_values: {},
        is_single_tensor_return: true,
        custom_obj_values: {},
        ...change.graph,
      },
      signature: {
        input_specs: [{ user_input: { arg: { as_tensor: { name: 'x' } } } }],
        output_specs: [{ user_output: { arg: { as_tensor: { name: 'relu' } } } }],
      },
      module_call_graph: [
        {
          fqn: '',
          signature: {
            inputs: [],
            outputs: [],
            in_spec: change.in ?? inputs(),
            out_spec: change.out ?? `[1, ${LEAF}]`,
            forward_arg_names: ['x'],
          },
        },
      ],
      metadata: {},
      treespec_namedtuple_fields: {},
    },
    opset_version: { aten: 10 },
    range_constraints: { s77: { min_val: 0, max_val: null } },
    schema_version: { major: 8, minor: 14 },
    verifiers: ['TRAINING'],
    torch_version: '2.9.1+cu128',
    guards_code: change.guard === undefined ? [] : [change.guard],
    ...change.extra,
  }).replace('"max_val":null', '"max_val":Infinity');

const member = (name: string, bytes: string | Uint8Array): Member => ({
  name,
  bytes: Buffer.from(bytes),
});
const STATE = writeZip([
  member('archive/data.pkl', pickle('EMPTY_DICT')),
  member('archive/version', '3\n'),
]);
const EVIL = writeZip([
  member(
    'archive/data.pkl',
    assemble(proto(2), global('os', 'system'), text('true'), 'TUPLE1', 'REDUCE', 'STOP'),
  ),
  member('archive/version', '3\n'),
]);
const weights = (entry: object = {}): string =>
  JSON.stringify({
    config: {
      'c.weight': {
        path_name: 'weight_0',
        is_param: true,
        use_pickle: false,
        tensor_meta: meta([2, 3]),
        ...entry,
      },
    },
  });
const older = (json = program(), state = STATE): Buffer =>
  writeZip([
    member('serialized_exported_program.json', json),
    member('serialized_state_dict.pt', state),
    member('serialized_constants.pt', STATE),
    member('version', '7.3'),
  ]);
const newer = (
  change: { json?: string; config?: string; weight?: Uint8Array; others?: Member[] } = {},
): Buffer =>
  writeZip([
    member('m/data/weights/weight_0', change.weight ?? Buffer.alloc(24)),
    member('m/data/weights/model_weights_config.json', change.config ?? weights()),
    member('m/data/constants/model_constants_config.json', '{"config": {}}'),
    member('m/models/model.json', change.json ?? program()),
    member('m/data/sample_inputs/model.pt', STATE),
    member('m/archive_format', 'pt2'),
    member('m/archive_version', '0'),
    member('m/.data/version', '6\n'),
    member('m/byteorder', 'little'),
    ...(change.others ?? []),
  ]);
const evilProgram = (change: Change): Buffer => newer({ json: program(change) });
const enumeration = `{"__enum__": true, "fqn": "evil:Run", "name": "a"}`;

const CASES: [what: string, rules: string[], file: Buffer][] = [
  ['a folder with raw tensors', [], newer()],
  ['a program and files of torch.save', [], older()],
  ['notes of the owner', [], newer({ others: [member('m/extra/labels.txt', 'cat\ndog')] })],
  ['a condition on sizes', [], evilProgram({ guard: "L['x'].size()[0] >= 2" })],
  [
    'a number without end',
    [],
    evilProgram({
      extra: { range_constraints: {} },
      graph: { outputs: [{ as_float: '-Infinity' }] },
    }),
  ],
  [
    'a number that is Python',
    ['torch-export'],
    evilProgram({ graph: { outputs: [{ as_float: 'exec(1)' }] } }),
  ],
  [
    'a size that is Python',
    ['torch-export'],
    evilProgram({ expr: '__import__("os").system("true")' }),
  ],
  [
    'the same in an older file',
    ['torch-export'],
    older(program({ expr: '__import__("os").system("true")' })),
  ],
  [
    'a range that is Python',
    ['torch-export'],
    evilProgram({ extra: { range_constraints: { 'exec("1")': { min_val: 0, max_val: 1 } } } }),
  ],
  [
    'a condition that is Python',
    ['torch-export'],
    evilProgram({ guard: '__import__("os").system("true")' }),
  ],
  [
    'a name of an input that is Python',
    ['torch-export'],
    evilProgram({ name: 'x): pass\nimport os #' }),
  ],
  ['a name of a value that is Python', ['torch-export'], evilProgram({ key: 'x = 1; import os' })],
  [
    'a name of a parameter in the spec that is Python',
    ['torch-export'],
    evilProgram({ in: inputs('x=print(1)') }),
  ],
  [
    'a function of torch as an operator',
    ['torch-export'],
    evilProgram({ target: 'torch.hub.load' }),
  ],
  [
    'a module of Python by way of torch',
    ['torch-export'],
    evilProgram({ target: 'torch.serialization.os.system' }),
  ],
  [
    'an operator that reads files',
    ['torch-export'],
    evilProgram({ target: 'torch.ops.aten.from_file.default' }),
  ],
  [
    'an operator of somebody',
    ['torch-export'],
    evilProgram({ target: 'torch.ops.evil.run.default' }),
  ],
  [
    'an operator that another loads',
    ['torch-export'],
    evilProgram({ target: 'torch.ops.load_library' }),
  ],
  ['an extension', ['torch-export'], evilProgram({ target: '#evil:run' })],
  [
    'a class imported by a context',
    ['torch-export'],
    evilProgram({ out: `[1, ${spec('"builtins.dict"', `[${enumeration}]`, LEAF)}]` }),
  ],
  [
    'the same as the whole context',
    ['torch-export'],
    evilProgram({ out: `[1, ${spec('"builtins.dict"', enumeration, LEAF)}]` }),
  ],
  [
    'a container of somebody',
    ['torch-export'],
    evilProgram({ out: `[1, ${spec('"evil.Run"', 'null', LEAF)}]` }),
  ],
  [
    'an object of a C++ library',
    ['torch-export'],
    evilProgram({
      graph: {
        custom_obj_values: { a: { name: 'a', class_fqn: '__torch__.torch.classes.evil.Run' } },
      },
    }),
  ],
  ['something unknown', ['torch-export'], evilProgram({ extra: { code: 'import os' } })],
  [
    'a named tuple',
    ['torch-export'],
    newer({
      json: program().replace(
        '"treespec_namedtuple_fields":{}',
        '"treespec_namedtuple_fields":{"evil.Run":{"field_names":["a"]}}',
      ),
    }),
  ],
  [
    'a key twice',
    ['torch-export'],
    newer({
      json: program().replace('"opset_version"', '"guards_code":["exec(1)"],"opset_version"'),
    }),
  ],
  ['a state that runs', ['pickle-global-blocked', 'pickle-call-blocked'], older(program(), EVIL)],
  [
    'sample inputs that run',
    ['pickle-global-blocked', 'pickle-call-blocked'],
    newer({ others: [member('m/data/sample_inputs/other.pt', EVIL)] }),
  ],
  [
    'a pickled tensor that runs',
    ['pickle-global-blocked', 'pickle-call-blocked'],
    newer({ weight: EVIL, config: weights({ use_pickle: true, tensor_meta: null }) }),
  ],
  [
    'the same beside a plain one',
    ['pickle-global-blocked', 'pickle-call-blocked'],
    newer({
      weight: EVIL,
      config: JSON.stringify({
        config: {
          a: { path_name: 'weight_0', is_param: true, use_pickle: false, tensor_meta: meta([2]) },
          b: { path_name: 'weight_0', is_param: true, use_pickle: true, tensor_meta: null },
        },
      }),
    }),
  ],
  [
    'a pickled tensor that is none',
    ['torch-layout', 'format-not-understood'],
    newer({ config: weights({ use_pickle: true, tensor_meta: null }) }),
  ],
  [
    'a pickled object',
    ['torch-export', 'torch-layout'],
    newer({ config: weights({ path_name: 'custom_obj_0', use_pickle: true }) }),
  ],
  [
    'a tensor larger than its numbers',
    ['torch-storage', 'torch-layout'],
    newer({ config: weights({ tensor_meta: meta([2, 4]) }) }),
  ],
  [
    'a tensor of more elements than can be counted',
    ['torch-export', 'torch-layout'],
    newer({
      config: weights({
        tensor_meta: { ...meta([2 ** 40, 2 ** 40]), strides: [{ as_int: 0 }, { as_int: 0 }] },
      }),
    }),
  ],
  ['numbers that nobody uses', ['torch-layout'], newer({ config: '{"config": {}}' })],
  [
    'compiled code',
    ['torch-layout', 'format-executable'],
    newer({
      others: [
        member(
          'm/data/aotinductor/model/a.so',
          Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(60)]),
        ),
      ],
    }),
  ],
  [
    'a member of somebody',
    ['torch-layout', 'format-not-understood'],
    newer({ others: [member('m/run.py', 'import os')] }),
  ],
  [
    'a note that is no text',
    ['torch-script'],
    newer({ others: [member('m/extra/run', Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1'))] }),
  ],
  ['no program', ['torch-layout'], writeZip([member('m/archive_format', 'pt2')])],
];

describe('archives of torch.export', () => {
  for (const [what, rules, bytes] of CASES) {
    it(`${what} → ${rules.join(', ') || 'pass'}`, () => {
      const result = scanBytes('m.pt2', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.have.members(rules);
      expect(result.verdict).to.equal(rules.length === 0 ? 'pass' : 'block');
    });
  }

  it('take sizes that are calculated, and nothing else', () => {
    for (const text of [
      symbol,
      's0',
      'u12',
      `Add(${symbol}, Integer(-1))`,
      `Mul(Integer(2), ${symbol})`,
      `Pow(${symbol}, Integer(2))`,
      `FloorDiv(Add(${symbol}, Integer(1)), Integer(2))`,
      's0 + 1',
      '3*s0//2',
      "Float('0.5', precision=53)",
      'Max(1, s0)',
      'Eq(u0, 1)',
    ])
      expect(isExpression(text), text).to.equal(true);
    for (const text of [
      'x.y',
      's0.__class__',
      'exec(1)',
      'Symbol',
      "Symbol('a').func",
      '9**9**9',
      'Pow(Integer(9), Integer(99))',
      'Pow(s0, Integer(999))',
      'LShift(1, 999999)',
      'lambda: 1',
      '[1]',
      '"a"',
      "Symbol('a b')",
      'S(1)',
      'sympify("1")',
      'factorial(9999)',
      'FloorDiv',
      'Max',
    ])
      expect(isExpression(text), text).to.equal(false);
    for (const text of [
      "L['x'].size()[0] == 3",
      "L['args'][0].size()[1] // 2 <= 7 and not L['y'].ndim != 2",
      "(L['x'].size()[0] % 8) == 0",
    ])
      expect(isGuard(text), text).to.equal(true);
    for (const text of [
      "L['x'].__class__",
      'exec(1)',
      "L['x'].size(1)",
      "L['x'].foo()",
      '9**9',
      "'a'",
      "f'{1}'",
      'Lambda',
      "L['x']['a\\x27']",
    ])
      expect(isGuard(text), text).to.equal(false);
  });

  it('take operators that calculate, and nothing else', () => {
    for (const name of [
      'torch.ops.aten.linear.default',
      'torch.ops.aten.add.Tensor',
      '_operator.getitem',
      '_operator.floordiv',
      'torch.sym_max',
      'torch.ops.higher_order.wrap_with_set_grad_enabled',
      'torch.ops.quantized_decomposed.dequantize_per_tensor.default',
    ])
      expect(isTarget(name), name).to.equal(true);
    for (const name of [
      '',
      'torch',
      'torch.load',
      'torch.ops.aten',
      'torch.ops.aten.linear',
      'torch.ops.aten.save.default',
      'torch.ops.aten.add.__init__.x',
      '_operator.attrgetter',
      '_operator.methodcaller',
      '_operator.getitem.x',
      'math.factorial',
      'torch.ops.higher_order.call_torchbind',
      'os.system',
      'builtins.eval',
    ])
      expect(isTarget(name), name).to.equal(false);
  });
});
