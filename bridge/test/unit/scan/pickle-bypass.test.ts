import { expect } from 'chai';
import {
  assemble,
  framed,
  global,
  line,
  pickle,
  proto,
  stackGlobal,
  text,
  u32,
  u64,
  type Part,
} from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

const SYSTEM = global('os', 'system');
const ARGS = assemble(text('id'), 'TUPLE1');
const CALL = assemble(SYSTEM, ARGS, 'REDUCE');
const ESCAPE = (s: string): string =>
  [...s].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

/** mechanism, the rule that must stop it, the bytes */
const ATTACKS: [string, string, Buffer][] = [
  ['GLOBAL and REDUCE', 'pickle-global-blocked', pickle(CALL)],
  ['STACK_GLOBAL', 'pickle-global-blocked', pickle(stackGlobal('posix', 'system'), ARGS, 'REDUCE')],
  [
    'INST',
    'pickle-call-blocked',
    assemble('MARK', 'STRING', line("'id'"), 'INST', line('os'), line('system'), 'STOP'),
  ],
  ['OBJ', 'pickle-call-blocked', pickle('MARK', SYSTEM, text('id'), 'OBJ')],
  [
    'OBJ whose result POP discards',
    'pickle-call-blocked',
    pickle('NONE', 'MARK', SYSTEM, text('id'), 'OBJ', 'POP'),
  ],
  ['REDUCE whose result POP discards', 'pickle-call-blocked', pickle(CALL, 'POP', 'NONE')],
  ['REDUCE, then BUILD', 'pickle-call-blocked', pickle(CALL, 'EMPTY_DICT', 'BUILD')],
  ['NEWOBJ', 'pickle-call-blocked', pickle(global('subprocess', 'Popen'), ARGS, 'NEWOBJ')],
  [
    'NEWOBJ_EX',
    'pickle-call-blocked',
    pickle(global('subprocess', 'Popen'), ARGS, 'EMPTY_DICT', 'NEWOBJ_EX'),
  ],
  [
    'NEWOBJ_EX with keywords on a permitted class',
    'pickle-call-arguments',
    pickle(
      global('sklearn.linear_model._ridge', 'Ridge'),
      'EMPTY_TUPLE',
      'EMPTY_DICT',
      'NEWOBJ_EX',
    ),
  ],
  [
    'MEMOIZE counts filled slots',
    'pickle-global-blocked',
    pickle(
      text('os'),
      'BINPUT',
      3,
      text('a'),
      'MEMOIZE',
      'POP',
      'POP',
      'BINGET',
      3,
      text('system'),
      'STACK_GLOBAL',
    ),
  ],
  [
    'operands through GET',
    'pickle-global-blocked',
    pickle(
      text('system'),
      'BINPUT',
      0,
      text('os'),
      'BINPUT',
      1,
      'POP',
      'POP',
      text('collections'),
      text('OrderedDict'),
      'POP',
      'POP',
      'BINGET',
      1,
      'BINGET',
      0,
      'STACK_GLOBAL',
      ARGS,
      'REDUCE',
    ),
  ],
  ['payload, then a broken stream', 'pickle-call-blocked', assemble(proto(4), CALL, 0xff)],
  ['payload, then nothing', 'pickle-structure', assemble(proto(4), CALL)],
  ['missing memo key', 'pickle-memo', pickle('BINGET', 7)],
  [
    'memo value that is no string as operand',
    'pickle-global-computed',
    pickle('NONE', 'BINPUT', 0, 'BINGET', 0, text('x'), 'STACK_GLOBAL'),
  ],
  [
    'operand that is the result of a call',
    'pickle-global-computed',
    pickle(
      global('_codecs', 'encode'),
      text('b'),
      text('latin1'),
      'TUPLE2',
      'REDUCE',
      text('system'),
      'STACK_GLOBAL',
    ),
  ],
  ['builtins.eval', 'pickle-global-blocked', pickle(global('builtins', 'eval'), ARGS, 'REDUCE')],
  [
    '__builtin__ of Python 2',
    'pickle-global-blocked',
    assemble(
      global('__builtin__', 'eval'),
      'MARK',
      'STRING',
      line("'1'"),
      'TUPLE',
      'REDUCE',
      'STOP',
    ),
  ],
  [
    'builtins.getattr',
    'pickle-call-arguments',
    pickle(global('builtins', 'getattr'), ARGS, 'REDUCE'),
  ],
  [
    'builtins.getattr of something else',
    'pickle-call-arguments',
    pickle(
      global('builtins', 'getattr'),
      global('zoneinfo', 'ZoneInfo'),
      text('__init__'),
      'TUPLE2',
      'REDUCE',
    ),
  ],
  [
    'builtins.getattr kept for somebody who calls it',
    'pickle-call-arguments',
    pickle('EMPTY_LIST', global('builtins', 'getattr'), 'APPEND'),
  ],
  [
    'a time zone that is no text',
    'pickle-call-arguments',
    pickle(
      global('builtins', 'getattr'),
      global('zoneinfo', 'ZoneInfo'),
      text('_unpickle'),
      'TUPLE2',
      'REDUCE',
      'EMPTY_LIST',
      'NEWTRUE',
      'TUPLE2',
      'REDUCE',
    ),
  ],
  [
    'dotted name',
    'pickle-global-blocked',
    pickle(stackGlobal('pathlib', 'os.system'), ARGS, 'REDUCE'),
  ],
  [
    'dotted name below a permitted module',
    'pickle-global-blocked',
    pickle(stackGlobal('collections', 'OrderedDict.fromkeys'), ARGS, 'REDUCE'),
  ],
  [
    'module and name split elsewhere',
    'pickle-global-blocked',
    pickle(stackGlobal('numpy', 'core.multiarray._reconstruct'), ARGS, 'REDUCE'),
  ],
  [
    'dns exfiltration without a shell',
    'pickle-global-blocked',
    pickle(global('socket', 'gethostbyname'), ARGS, 'REDUCE'),
  ],
  [
    'logging.FileHandler',
    'pickle-global-blocked',
    pickle(global('logging', 'FileHandler'), ARGS, 'REDUCE'),
  ],
  [
    'pkgutil.resolve_name',
    'pickle-global-blocked',
    pickle(global('pkgutil', 'resolve_name'), ARGS, 'REDUCE'),
  ],
  [
    'torch.utils.collect_env.run',
    'pickle-global-blocked',
    pickle(global('torch.utils.collect_env', 'run'), ARGS, 'REDUCE'),
  ],
  [
    'numpy.f2py',
    'pickle-global-blocked',
    pickle(global('numpy.f2py.crackfortran', 'getlincoef'), ARGS, 'REDUCE'),
  ],
  [
    'pandas read_csv',
    'pickle-global-blocked',
    pickle(global('pandas.io.parsers.readers', 'read_csv'), ARGS, 'REDUCE'),
  ],
  [
    'ufunc resolver of numpy',
    'pickle-call-arguments',
    pickle(
      global('numpy.core', '_ufunc_reconstruct'),
      text('os'),
      text('system'),
      'TUPLE2',
      'REDUCE',
    ),
  ],
  ['numpy.__builtins__', 'pickle-global-blocked', pickle(global('numpy', '__builtins__'))],
  [
    'BUILD with slot state on a function',
    'pickle-state-on-global',
    pickle(global('numpy', 'log1p'), 'NONE', 'EMPTY_DICT', 'TUPLE2', 'BUILD'),
  ],
  [
    'SETITEM on a global',
    'pickle-state-on-global',
    pickle(global('collections', 'OrderedDict'), text('a'), 'NONE', 'SETITEM'),
  ],
  [
    'SETITEMS on a global',
    'pickle-state-on-global',
    pickle(global('collections', 'OrderedDict'), 'MARK', text('a'), 'NONE', 'SETITEMS'),
  ],
  [
    'APPEND on a global',
    'pickle-state-on-global',
    pickle(global('collections', 'deque'), 'NONE', 'APPEND'),
  ],
  [
    'APPENDS on an object that is no list',
    'pickle-state-blocked',
    pickle(
      global('sklearn.linear_model._ridge', 'Ridge'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      'MARK',
      'NONE',
      'APPENDS',
    ),
  ],
  ['BUILD on a list', 'pickle-state-blocked', pickle('EMPTY_LIST', 'EMPTY_DICT', 'BUILD')],
  [
    'permitted class, called',
    'pickle-call-blocked',
    pickle(global('sklearn.linear_model._ridge', 'Ridge'), ARGS, 'REDUCE'),
  ],
  [
    'named function, called',
    'pickle-call-blocked',
    pickle(global('numpy', 'log1p'), ARGS, 'REDUCE'),
  ],
  [
    'call of something that is no global',
    'pickle-call-blocked',
    pickle('EMPTY_LIST', ARGS, 'REDUCE'),
  ],
  [
    'global as argument of a constructor of random generators',
    'pickle-call-arguments',
    pickle(
      global('numpy.random._pickle', '__bit_generator_ctor'),
      global('numpy', 'log1p'),
      'TUPLE1',
      'REDUCE',
    ),
  ],
  [
    'codec other than latin1',
    'pickle-call-arguments',
    pickle(global('_codecs', 'encode'), text('x'), text('zip'), 'TUPLE2', 'REDUCE'),
  ],
  [
    'frame shorter than an argument',
    'pickle-frame',
    framed(3, 'BINUNICODE', u32(4), Buffer.from('abcd'), 'STOP'),
  ],
  ['frame inside of a frame', 'pickle-frame', framed(11, 'FRAME', u64(1), 'NONE', 'STOP')],
  ['frame beyond the end', 'pickle-frame', framed(900, 'NONE', 'STOP')],
  ['frame that goes on after STOP', 'pickle-frame', framed(4, 'NONE', 'STOP', 'NONE', 'NONE')],
  ['EXT1', 'pickle-opcode-blocked', pickle('EXT1', 1)],
  ['EXT2', 'pickle-opcode-blocked', pickle('EXT2', 1, 0)],
  ['EXT4', 'pickle-opcode-blocked', pickle('EXT4', u32(1))],
  ['PERSID', 'pickle-opcode-blocked', assemble('PERSID', line('x'), 'STOP')],
  ['BINPERSID outside of a PyTorch file', 'pickle-persistent-id', pickle(text('x'), 'BINPERSID')],
  ['NEXT_BUFFER', 'pickle-opcode-blocked', assemble(proto(5), 'NEXT_BUFFER', 'STOP')],
  [
    'UNICODE with escapes',
    'pickle-global-blocked',
    pickle('UNICODE', line(ESCAPE('os')), 'UNICODE', line(`\\U00000073ystem`), 'STACK_GLOBAL'),
  ],
  [
    'STRING with escapes',
    'pickle-global-blocked',
    pickle('STRING', line("'\\x6f\\163'"), 'STRING', line('"system"'), 'STACK_GLOBAL'),
  ],
  [
    'SHORT_BINSTRING',
    'pickle-global-blocked',
    pickle(
      'SHORT_BINSTRING',
      2,
      Buffer.from('os'),
      'SHORT_BINSTRING',
      6,
      Buffer.from('system'),
      'STACK_GLOBAL',
    ),
  ],
  [
    'BINSTRING',
    'pickle-global-blocked',
    pickle(
      'BINSTRING',
      u32(2),
      Buffer.from('os'),
      'BINSTRING',
      u32(6),
      Buffer.from('system'),
      'STACK_GLOBAL',
    ),
  ],
  [
    'BINUNICODE8',
    'pickle-global-blocked',
    pickle('BINUNICODE8', u64(2), Buffer.from('os'), text('system'), 'STACK_GLOBAL'),
  ],
  [
    'operand that cannot be decoded',
    'pickle-global-computed',
    pickle('BINUNICODE', u32(1), Buffer.from([0xff]), text('system'), 'STACK_GLOBAL'),
  ],
  ['PUT index 1_0', 'pickle-memo', assemble('NONE', 'PUT', line('1_0'), 'STOP')],
  ['PUT index 007', 'pickle-memo', assemble('NONE', 'PUT', line('007'), 'STOP')],
  ['PUT index -1', 'pickle-memo', assemble('NONE', 'PUT', line('-1'), 'STOP')],
  ['LONG_BINPUT 2^31', 'limit-exceeded', pickle('NONE', 'LONG_BINPUT', u32(2 ** 31))],
  [
    'LONG_BINPUT far beyond the instructions',
    'pickle-memo',
    pickle('NONE', 'LONG_BINPUT', u32(2 ** 26)),
  ],
  ['INT with 10^5 digits', 'limit-exceeded', assemble('INT', line('9'.repeat(100_000)), 'STOP')],
  ['INT in hexadecimal', 'pickle-number', assemble('INT', line('0x10'), 'STOP')],
  ['BINBYTES8 of 2^62', 'pickle-structure', pickle('BINBYTES8', u64(2n ** 62n))],
  ['BINUNICODE8 of 2^40', 'pickle-structure', pickle('BINUNICODE8', u64(2n ** 40n))],
  ['negative LONG4', 'pickle-structure', pickle('LONG4', u32(0xffffffff))],
  ['negative BINSTRING', 'pickle-structure', pickle('BINSTRING', u32(0xffffffff))],
  ['BINUNICODE longer than the file', 'pickle-structure', pickle('BINUNICODE', u32(0xfffffff0))],
  ['10^5 marks', 'pickle-structure', pickle(Buffer.alloc(100_000, '('))],
  ['POP below a mark', 'pickle-structure', pickle('NONE', 'MARK', 'NONE', 'POP', 'TUPLE1')],
  ['REDUCE on an empty stack', 'pickle-structure', pickle('REDUCE')],
  ['values left over at STOP', 'pickle-structure', pickle('NONE', 'NONE')],
  ['PROTO in the middle', 'pickle-structure', pickle('NONE', 'PROTO', 2)],
  ['protocol 6', 'pickle-structure', assemble('PROTO', 5, 'NONE', 'PROTO', 6, 'STOP')],
  [
    'a second pickle behind the first',
    'format-trailing-data',
    Buffer.concat([pickle('NONE'), pickle(CALL)]),
  ],
  ['bytes behind STOP', 'format-trailing-data', Buffer.concat([pickle('NONE'), Buffer.from('x')])],
  [
    'SETITEMS with an odd count',
    'pickle-structure',
    pickle('EMPTY_DICT', 'MARK', 'NONE', 'SETITEMS'),
  ],
  [
    'bytes handed to torch that are a pickle',
    'pickle-global-blocked',
    pickle(
      global('torch.storage', '_load_from_bytes'),
      'BINBYTES',
      u32(pickle(CALL).length),
      pickle(CALL),
      'TUPLE1',
      'REDUCE',
    ),
  ],
  [
    'bytes handed to torch that are computed',
    'pickle-call-arguments',
    pickle(
      global('torch.storage', '_load_from_bytes'),
      global('_codecs', 'encode'),
      text('x'),
      text('latin1'),
      'TUPLE2',
      'REDUCE',
      'TUPLE1',
      'REDUCE',
    ),
  ],
];

describe('pickle: every known way around a scanner', () => {
  for (const [mechanism, rule, bytes] of ATTACKS) {
    it(`${mechanism} → ${rule}`, () => {
      const result = scanBytes('model.pkl', bytes);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.include(rule);
      expect(result.verdict).to.equal('block');
    });
  }

  it('says where: the offset of the instruction and the symbol', () => {
    const finding = scanBytes('model.pkl', pickle('NONE', 'POP', CALL)).findings.find(
      ({ rule }) => rule === 'pickle-global-blocked',
    );
    expect(finding).to.include({ offset: 4, symbol: 'os.system', file: 'model.pkl' });
  });

  it('keeps what it found before the stream breaks', () => {
    expect(rulesOf(scanBytes('model.pkl', assemble(proto(4), CALL, 0xff)))).to.include.members([
      'pickle-global-blocked',
      'pickle-call-blocked',
      'pickle-structure',
    ]);
  });

  it('shows an unknown class of a known library to a person', () => {
    const result = scanBytes(
      'model.pkl',
      pickle(
        stackGlobal('sklearn.future', 'NewEstimator'),
        'EMPTY_TUPLE',
        'NEWOBJ',
        'EMPTY_DICT',
        'BUILD',
      ),
    );
    expect(result.verdict).to.equal('review');
    expect(rulesOf(result)).to.deep.equal(['pickle-global-review']);
  });

  it('shows bytes that look like a pickle to a person', () => {
    const inner = pickle(CALL);
    const result = scanBytes('model.pkl', pickle('SHORT_BINBYTES', inner.length, inner));
    expect(rulesOf(result)).to.deep.equal(['pickle-embedded']);
    expect(result.verdict).to.equal('review');
  });

  const written = pickle(CALL);
  const texts: [string, string, string[]][] = [
    ['base64', written.toString('base64'), ['pickle-embedded']],
    ['base64 in lines', `${written.toString('base64')}\n`, ['pickle-embedded']],
    ['hexadecimal digits', written.toString('hex').toUpperCase(), ['pickle-embedded']],
    [
      'base64 of something else',
      Buffer.concat([Buffer.from([0x80, 0x04]), Buffer.alloc(30)]).toString('base64'),
      [],
    ],
    ['a long number', '80042812345678901234567890123', []],
    ['a text that begins alike', 'gA is the first of two letters.', []],
  ];
  for (const [what, value, rules] of texts) {
    it(`shows a text that is a pickle to a person: ${what} → ${rules.join() || 'pass'}`, () => {
      expect(
        rulesOf(scanBytes('model.pkl', pickle('EMPTY_LIST', text(value), 'APPEND'))),
      ).to.deep.equal(rules);
    });
  }

  it('does not materialise: a billion laughs by memo costs its instructions', () => {
    const doublings = Array.from({ length: 1000 }, (): Part[] => [
      'DUP',
      'TUPLE2',
      'MEMOIZE',
    ]).flat();
    expect(scanBytes('model.pkl', pickle('EMPTY_TUPLE', ...doublings)).verdict).to.equal('pass');
  });
});
