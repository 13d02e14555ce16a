import { expect } from 'chai';
import {
  assemble,
  global,
  pickle,
  proto,
  stackGlobal,
  text,
  u32,
  type Part,
} from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const verdictOf = (...parts: Part[]): string => scanBytes('a.pkl', pickle(...parts)).verdict;
const rules = (...parts: Part[]): string[] => rulesOf(scanBytes('a.pkl', pickle(...parts)));
const clip = stackGlobal('numpy', 'clip');
const compile = stackGlobal('re', '_compile');
const reconstruct = stackGlobal('numpy._core.multiarray', '_reconstruct');
const bytes = (...content: number[]): Buffer =>
  assemble('SHORT_BINBYTES', content.length, Buffer.from(content));
const array: Part[] = [
  'MARK',
  stackGlobal('numpy', 'ndarray'),
  'BININT1',
  0,
  'TUPLE1',
  bytes(0x62),
  'TUPLE',
];
const dtype: Part[] = ['MARK', text('f8'), 'NEWFALSE', 'NEWTRUE', 'TUPLE'];
const state: Part[] = [
  'MARK',
  'BININT1',
  1,
  'BININT1',
  1,
  'TUPLE1',
  stackGlobal('numpy', 'dtype'),
  ...dtype,
  'REDUCE',
  'NEWFALSE',
  bytes(0, 0, 0, 0, 0, 0, 0, 0),
  'TUPLE',
];
const call = (callee: Part, ...args: Part[]): Part[] => [
  callee,
  'MARK',
  ...args,
  'TUPLE',
  'REDUCE',
];

describe('functools.partial', () => {
  const partial = stackGlobal('functools', 'partial');
  const filled = (
    inner: Part,
    args: Part[] = ['EMPTY_TUPLE'],
    attributes: Part[] = ['NONE'],
  ): Part[] => ['MARK', inner, ...args, 'EMPTY_DICT', ...attributes, 'TUPLE', 'BUILD'];

  it('may be around what only calculates', () => {
    expect(verdictOf(...call(partial, clip), ...filled(clip))).to.equal('pass');
    expect(
      verdictOf(
        ...call(partial, stackGlobal('torch.nn.modules.normalization', 'LayerNorm')),
        ...filled(stackGlobal('torch.nn.modules.normalization', 'LayerNorm')),
      ),
    ).to.equal('pass');
    expect(
      verdictOf(
        ...call(
          stackGlobal('collections', 'defaultdict'),
          ...call(partial, stackGlobal('builtins', 'list')),
          ...filled(stackGlobal('builtins', 'list')),
        ),
      ),
    ).to.equal('pass');
  });
  it('may be around nothing that is called with arguments of a certain form alone', () => {
    for (const inner of [
      compile,
      reconstruct,
      stackGlobal('builtins', 'type'),
      stackGlobal('builtins', 'getattr'),
      stackGlobal('torch.storage', '_load_from_bytes'),
      stackGlobal('sklearn.pipeline', 'Pipeline'),
      partial,
    ]) {
      expect(verdictOf(...call(partial, inner))).to.equal('block');
    }
    expect(verdictOf(...call(partial, clip, 'BININT1', 1))).to.equal('block');
    expect(verdictOf(...call(partial, ...call(partial, clip)))).to.equal('block');
  });
  it('keeps its function', () => {
    expect(rules(...call(partial, clip), ...filled(compile))).to.deep.equal([
      'pickle-call-arguments',
    ]);
    expect(rules(...call(partial, clip), ...filled(stackGlobal('numpy', 'round')))).to.deep.equal([
      'pickle-state-blocked',
    ]);
    expect(rules(...call(partial, clip), ...filled(clip, ['EMPTY_LIST']))).to.deep.equal([
      'pickle-state-blocked',
    ]);
    // another dict than a dict would be taken for one by Python
    expect(
      rules(...call(partial, clip), ...filled(clip, ['EMPTY_TUPLE'], ['BININT1', 1, 'TUPLE1'])),
    ).to.deep.equal(['pickle-state-blocked']);
    expect(rules(...call(partial, clip), 'EMPTY_DICT', 'BUILD')).to.deep.equal([
      'pickle-state-blocked',
    ]);
  });
  it('is not kept to be called later', () => {
    expect(verdictOf('EMPTY_DICT', text('f'), partial, 'SETITEM')).to.equal('block');
    expect(verdictOf(...call(stackGlobal('collections', 'defaultdict'), partial))).to.equal(
      'block',
    );
  });
});

describe('functions that call another one', () => {
  const create = stackGlobal('dill._dill', '_create_array');
  const typed = stackGlobal('torch._tensor', '_rebuild_from_type_v2');

  it('make an array as numpy makes it', () => {
    expect(verdictOf(...call(create, reconstruct, ...array, ...state, 'NONE'))).to.equal('pass');
  });
  it('call nothing else', () => {
    for (const inner of [
      stackGlobal('os', 'system'),
      compile,
      clip,
      create,
      stackGlobal('builtins', 'type'),
    ])
      expect(verdictOf(...call(create, inner, ...array, ...state, 'NONE'))).to.equal('block');
    for (const inner of [compile, create, typed, reconstruct])
      expect(
        verdictOf(...call(typed, inner, stackGlobal('torch', 'Tensor'), ...array, 'EMPTY_DICT')),
      ).to.equal('block');
  });
  it('check the arguments that they pass on', () => {
    expect(
      rules(...call(create, reconstruct, text('x'), 'TUPLE1', ...state, 'NONE')),
    ).to.deep.equal(['pickle-call-arguments']);
    expect(
      verdictOf(
        ...call(
          typed,
          stackGlobal('torch._utils', '_rebuild_tensor_v2'),
          stackGlobal('torch', 'Tensor'),
          text('x'),
          'TUPLE1',
          'EMPTY_DICT',
        ),
      ),
    ).to.equal('block');
    expect(
      verdictOf(
        ...call(
          typed,
          stackGlobal('torch._utils', '_rebuild_parameter'),
          stackGlobal('sklearn.pipeline', 'Pipeline'),
          'EMPTY_DICT',
          'NEWTRUE',
          'EMPTY_DICT',
          'TUPLE3',
          'EMPTY_DICT',
        ),
      ),
    ).to.equal('block');
  });
  it('find functions of numpy by the names of a list', () => {
    const found = (module: string, name: string): string =>
      verdictOf(...call(stackGlobal('numpy.core', '_ufunc_reconstruct'), text(module), text(name)));
    expect([
      found('numpy.core._multiarray_umath', 'log1p'),
      found('os', 'log1p'),
      found('numpy', 'load'),
      found('numpy.core._multiarray_umath', 'frompyfunc'),
    ]).to.deep.equal(['pass', 'block', 'block', 'block']);
    expect(
      verdictOf(
        'EMPTY_DICT',
        text('f'),
        stackGlobal('numpy.core', '_ufunc_reconstruct'),
        'SETITEM',
      ),
    ).to.equal('block');
  });
  it('are not kept', () => {
    expect(verdictOf('EMPTY_DICT', text('f'), create, 'SETITEM')).to.equal('block');
    expect(verdictOf('EMPTY_DICT', text('f'), typed, 'SETITEM')).to.equal('block');
  });
});

describe('types by the names of dill and cloudpickle', () => {
  it('are those of a list', () => {
    expect(
      verdictOf(
        ...call(
          stackGlobal('collections', 'defaultdict'),
          ...call(stackGlobal('dill._dill', '_load_type'), text('list')),
        ),
      ),
    ).to.equal('pass');
    for (const name of [
      'CodeType',
      'FunctionType',
      'MethodType',
      'ModuleType',
      'AttrGetterType',
      'FileType',
      'eval',
      'type',
    ])
      expect(verdictOf(...call(stackGlobal('dill._dill', '_load_type'), text(name)))).to.equal(
        'block',
      );
    for (const name of ['CodeType', 'FunctionType', 'MethodType'])
      expect(
        verdictOf(...call(stackGlobal('cloudpickle.cloudpickle', '_builtin_type'), text(name))),
      ).to.equal('block');
    expect(
      verdictOf(
        ...call(
          stackGlobal('dill._dill', '_load_type'),
          ...call(stackGlobal('builtins', 'str'), text('x')),
        ),
      ),
    ).to.equal('block');
  });
});

describe('texts that become something', () => {
  it('zones have the names of zones', () => {
    const zone = (name: string): string =>
      verdictOf(...call(stackGlobal('pytz', '_p'), text(name)));
    for (const name of ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])
      expect(zone(name)).to.equal('pass');
    for (const name of [
      '../../etc/passwd',
      '/etc/passwd',
      'a/../b',
      'Europe/',
      '',
      'a\\b',
      'a/b/c/d',
    ])
      expect(zone(name), name).to.equal('block');
    const key = (name: string): string =>
      verdictOf(...call(stackGlobal('zoneinfo', 'ZoneInfo._unpickle'), text(name), 'NEWTRUE'));
    expect([key('Europe/Berlin'), key('/tmp/x'), key('..')]).to.deep.equal([
      'pass',
      'block',
      'block',
    ]);
  });
  it('patterns have an end', () => {
    const long = (length: number): Buffer =>
      assemble('BINUNICODE', u32(length), Buffer.alloc(length, 0x61));
    expect(verdictOf(...call(compile, long(8192), 'BININT1', 32))).to.equal('pass');
    expect(verdictOf(...call(compile, long(8193), 'BININT1', 32))).to.equal('block');
  });
  it('methods of texts do not look names up', () => {
    const method = (name: string): string =>
      verdictOf(
        ...call(stackGlobal('builtins', 'getattr'), stackGlobal('builtins', 'str'), text(name)),
      );
    expect([method('lower'), method('split')]).to.deep.equal(['pass', 'pass']);
    expect(
      ['format', 'format_map', '__class__', '__init_subclass__', 'mro'].map(method),
    ).to.deep.equal(['block', 'block', 'block', 'block', 'block']);
    expect(
      verdictOf(
        ...call(
          stackGlobal('builtins', 'getattr'),
          stackGlobal('numpy', 'ndarray'),
          text('tofile'),
        ),
      ),
    ).to.equal('block');
  });
});

describe('bytes of a tensor that end like a pickle', () => {
  it('are told only where nothing judges them', () => {
    const inner = bytes(0x80, 2, 0x4b, 1, 0x2e);
    expect(rulesOf(scanBytes('a.pkl', assemble(proto(4), inner, 'STOP')))).to.deep.equal([
      'pickle-embedded',
    ]);
    expect(
      rulesOf(
        scanBytes(
          'a.pkl',
          assemble(
            proto(4),
            global('torch.storage', '_load_from_bytes'),
            inner,
            'TUPLE1',
            'REDUCE',
            'STOP',
          ),
        ),
      ),
    ).not.to.include('pickle-embedded');
  });
});
