import { expect } from 'chai';
import { pickle, stackGlobal, text, type Part } from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const made = (module: string, name: string, ...state: Part[]): Part[] => [
  stackGlobal(module, name),
  'EMPTY_TUPLE',
  'NEWOBJ',
  'EMPTY_DICT',
  'MARK',
  ...state,
  'SETITEMS',
  'BUILD',
];

/** Classes of known libraries whose own code would run on the state that the file gives them. */
const REFUSED: [string, Part[]][] = [
  [
    'a distribution of scipy, which executes a text of its state',
    made(
      'scipy.stats._continuous_distns',
      'norm_gen',
      text('_parse_arg_template'),
      text('import os'),
    ),
  ],
  [
    'a discrete one',
    made(
      'scipy.stats._discrete_distns',
      'binom_gen',
      text('_parse_arg_template'),
      text('import os'),
    ),
  ],
  [
    'their base',
    made(
      'scipy.stats._distn_infrastructure',
      'rv_discrete',
      text('_parse_arg_template'),
      text('import os'),
    ),
  ],
  [
    'a source of data of numpy, which deletes its folder when it goes',
    made(
      'numpy.lib.npyio',
      'DataSource',
      text('_istmpdest'),
      'NEWTRUE',
      text('_destpath'),
      text('/srv'),
    ),
  ],
  [
    'the same by its other name',
    made('numpy.lib._datasource', 'Repository', text('_istmpdest'), 'NEWTRUE'),
  ],
  [
    'a quantized convolution, which packs what it is given',
    made('torch.ao.nn.quantized.modules.conv', 'Conv2d', text('weight'), 'NONE'),
  ],
  [
    'a graph of PyTorch',
    made('torch.fx.graph_module', 'GraphModule', text('_code'), text('import os')),
  ],
  ['a program of PyTorch', made('torch.jit._script', 'RecursiveScriptModule', text('_c'), 'NONE')],
  [
    'a package of PyTorch',
    made('torch.package.package_importer', 'PackageImporter', text('zip_reader'), 'NONE'),
  ],
];

const CALLS: [string, Part[]][] = [
  [
    'a file of numpy, made as if it were an index of pandas',
    [
      stackGlobal('pandas.core.indexes.base', '_new_Index'),
      stackGlobal('numpy', 'memmap'),
      'EMPTY_DICT',
      text('filename'),
      text('/srv/a'),
      'SETITEM',
      'TUPLE2',
      'REDUCE',
    ],
  ],
  ['a file of numpy', [stackGlobal('numpy', 'memmap'), text('/srv/a'), 'TUPLE1', 'REDUCE']],
  [
    'partial, which would give a permitted function any arguments',
    [stackGlobal('functools', 'partial'), stackGlobal('re', '_compile'), 'TUPLE1', 'REDUCE'],
  ],
  [
    'getattr',
    [
      stackGlobal('builtins', 'getattr'),
      stackGlobal('numpy', 'log1p'),
      text('x'),
      'TUPLE2',
      'REDUCE',
    ],
  ],
  [
    'an enumeration that is defined while loading',
    [
      stackGlobal('transformers.trainer_utils', 'IntervalStrategy'),
      text('a'),
      text('b'),
      'TUPLE2',
      'REDUCE',
    ],
  ],
  [
    'a layer that is constructed',
    [
      stackGlobal('torch.nn.modules.linear', 'Linear'),
      'BININT1',
      4,
      'BININT1',
      4,
      'TUPLE2',
      'REDUCE',
    ],
  ],
  [
    'a sparse tensor of PyTorch that is not made as PyTorch makes it',
    [
      stackGlobal('torch._utils', '_rebuild_sparse_tensor'),
      stackGlobal('torch', 'sparse_coo'),
      'EMPTY_TUPLE',
      'TUPLE2',
      'REDUCE',
    ],
  ],
  [
    'any function with any arguments, by way of a tensor of a class',
    [
      stackGlobal('torch._tensor', '_rebuild_from_type_v2'),
      stackGlobal('torch.storage', '_load_from_bytes'),
      'NONE',
      'EMPTY_TUPLE',
      'NONE',
      'TUPLE3',
      'TUPLE2',
      'REDUCE',
    ],
  ],
];

describe('the lists of what a model may name', () => {
  for (const [what, parts] of [...REFUSED, ...CALLS]) {
    it(`refuse ${what}`, () => {
      const result = scanBytes('m.pkl', pickle(...parts));
      expect(result.verdict, JSON.stringify(result.findings)).to.equal('block');
      expect(rulesOf(result)).to.satisfy((rules: string[]) =>
        rules.some((rule) => /^pickle-(global-blocked|call-blocked|call-arguments)$/.test(rule)),
      );
    });
  }

  it('take layers, optimisers and values of enumerations', () => {
    for (const parts of [
      made('torch.nn.modules.linear', 'Linear', text('in_features'), 'BININT1', 4),
      made('torch.optim.adamw', 'AdamW', text('defaults'), 'EMPTY_DICT'),
      made('torchvision.models.resnet', 'ResNet', text('training'), 'NEWFALSE'),
      [
        stackGlobal('transformers.trainer_utils', 'IntervalStrategy'),
        text('steps'),
        'TUPLE1',
        'REDUCE',
      ],
      [
        stackGlobal('pandas._libs.tslibs.offsets', 'Day'),
        'BININT1',
        1,
        'NEWFALSE',
        'TUPLE2',
        'REDUCE',
      ],
    ] as Part[][])
      expect(scanBytes('m.pkl', pickle(...parts)).findings).to.deep.equal([]);
  });

  it('leave a class that they do not know to a person, of the layers of PyTorch and of nothing else of it', () => {
    expect(
      scanBytes('m.pkl', pickle(...made('torch.nn.modules.future', 'NewLayer', text('a'), 'NONE')))
        .verdict,
    ).to.equal('review');
    for (const module of [
      'torch.future',
      'torch.utils.future',
      'torch.jit.future',
      'torch.nn.utils.future',
      'torchvision.datasets.future',
      'transformers.pipelines.future',
    ]) {
      expect(
        scanBytes('m.pkl', pickle(...made(module, 'NewThing', text('a'), 'NONE'))).verdict,
        module,
      ).to.equal('block');
    }
  });
});
