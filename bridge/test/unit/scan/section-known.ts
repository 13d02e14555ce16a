/* eslint-disable max-lines -- one table of cases, each read on its own */
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
import { writeTar } from './tar-writer.ts';
import { writeZip } from './zip-writer.ts';

type Section = '2a' | '2b' | '2c' | '2d';

/**
 * What is known, and by which tests it is covered: file → titles in it. Keras has a table of its
 * own.
 */
export const BY_TEST: [Section, id: string, Record<string, string[]>][] = [
  [
    '2a',
    'picklescan issue 14: PUT mixed with MEMOIZE',
    { 'pickle-bypass': ['MEMOIZE counts filled slots'] },
  ],
  [
    '2a',
    'picklescan issue 22: operands through GET',
    { 'pickle-bypass': ['operands through GET'] },
  ],
  [
    '2a',
    'GHSA-9gvj-pp9x-gcfr: a parse error discards what was found',
    {
      'pickle-bypass': [
        'payload, then a broken stream',
        'keeps what it found before the stream breaks',
      ],
    },
  ],
  [
    '2a',
    'nullifAI: a payload before a broken stream; 7z in place of zip',
    { 'pickle-bypass': ['payload, then nothing'], formats: ['7z under .pt'] },
  ],
  [
    '2a',
    'exfiltration through harmless modules',
    {
      'pickle-bypass': ['dns exfiltration without a shell', 'logging.FileHandler'],
      gadgets: ['ssl.get_server_certificate', 'urllib.request.urlopen'],
    },
  ],
  [
    '2a',
    'keyerror-exploit, type-confusion-exploit',
    { 'pickle-bypass': ['missing memo key', 'memo value that is no string as operand'] },
  ],
  [
    '2a',
    'fickling GHSA-mxhj-88fx-4pcv: OBJ, then POP',
    { 'pickle-bypass': ['OBJ whose result POP discards', 'REDUCE whose result POP discards'] },
  ],
  [
    '2a',
    'fickling GHSA-mhc9-48gj-9gp3: REDUCE, then BUILD',
    { 'pickle-bypass': ['REDUCE, then BUILD'] },
  ],
  [
    '2a',
    'fickling GHSA-h4rm-mm56-xf63: builtins',
    { 'pickle-bypass': ['builtins.eval', '__builtin__ of Python 2'] },
  ],
  [
    '2a',
    'fickling GHSA-5j3x-jp52-966f: a dotted name',
    {
      'pickle-bypass': [
        'dotted name',
        'dotted name below a permitted module',
        'module and name split elsewhere',
      ],
    },
  ],
  [
    '2a',
    'cpython issue 154848: a frame shorter than an argument',
    {
      'pickle-bypass': [
        'frame shorter than an argument',
        'frame inside of a frame',
        'frame beyond the end',
        'frame that goes on after STOP',
      ],
    },
  ],
  [
    '2a',
    'modelscan issue 330: numpy.__builtins__ and a state of slots',
    { 'pickle-bypass': ['numpy.__builtins__', 'BUILD with slot state on a function'] },
  ],
  [
    '2a',
    'GHSA-vvpj-8cmc-gx39: text that becomes a function',
    {
      'pickle-bypass': ['pkgutil.resolve_name'],
      gadgets: [
        'importlib.import_module',
        'operator.attrgetter',
        'functools.reduce',
        'builtins.map',
      ],
      wrapped: ['may be around nothing that is called with arguments of a certain form alone'],
    },
  ],
  [
    '2a',
    'other instructions',
    {
      'pickle-bypass': [
        "['INST'",
        "['OBJ'",
        "['NEWOBJ'",
        "['NEWOBJ_EX'",
        "['EXT1'",
        "['EXT2'",
        "['EXT4'",
        "['PERSID'",
        'BINPERSID outside of a PyTorch file',
        "['NEXT_BUFFER'",
        'SETITEM on a global',
      ],
      gadgets: ['copyreg.add_extension'],
    },
  ],
  [
    '2a',
    'encodings',
    {
      'pickle-bypass': [
        'UNICODE with escapes',
        'STRING with escapes',
        'SHORT_BINSTRING',
        'BINSTRING',
        'BINUNICODE8',
        'operand that cannot be decoded',
      ],
    },
  ],
  [
    '2a',
    'memo indexes',
    {
      'pickle-bypass': [
        'PUT index 1_0',
        'PUT index 007',
        'PUT index -1',
        'LONG_BINPUT 2^31',
        'LONG_BINPUT far beyond the instructions',
      ],
    },
  ],
  [
    '2a',
    'numbers, lengths and depth without end',
    {
      'pickle-bypass': [
        'INT with 10^5 digits',
        'BINBYTES8 of 2^62',
        'negative LONG4',
        'negative BINSTRING',
        '10^5 marks',
        'a billion laughs by memo',
      ],
    },
  ],
  [
    '2a',
    'Hide and Seek: a payload, then an exception; files by other names',
    {
      'pickle-bypass': ['payload, then nothing'],
      formats: [
        'a pickle under .safetensors',
        'a pickle without an extension',
        'a pickle of protocol 0 under .txt',
      ],
    },
  ],
  [
    '2a',
    'modelscan 338, 311, 263, saferpickle 18: seen in the wild',
    {
      'pickle-bypass': ['torch.utils.collect_env.run', 'pandas read_csv'],
      gadgets: [
        'multiprocessing.util.spawnv_passfds',
        'mlflow.projects.backend.local._run_entry_point',
      ],
    },
  ],
  [
    '2a',
    'CVE-2025-32434, CVE-2026-24747: what weights_only does not check',
    {
      'torch-zip': [
        'a storage shorter than the pickle says',
        'a tensor beyond its storage',
        'a tensor whose offset leads out',
        'a negative stride',
        'a storage class that is none',
      ],
    },
  ],
  [
    '2c',
    'CVE-2025-10155: the extension picks the parser',
    {
      formats: ['a pickle under .bin', 'a pickle under .safetensors'],
      compressed: ['the same under .pt', 'the same under .txt'],
    },
  ],
  [
    '2c',
    'CVE-2025-1889, GHSA-769v: a pickle with an odd extension',
    {
      'torch-zip': ['a pickle with an odd extension beside data.pkl'],
      tar: ['a call in a member with an odd name'],
    },
  ],
  [
    '2c',
    'CVE-2025-10156: a wrong checksum',
    {
      'torch-zip': ['judges the content in spite of a wrong checksum'],
      'zip-bypass': ['a wrong checksum; the call is found all the same'],
      compressed: ['a wrong checksum, and the content is judged all the same'],
    },
  ],
  [
    '2c',
    'CVE-2025-1945, CVE-2025-1944: headers that differ',
    {
      'torch-zip': [
        'names that differ',
        'methods that differ',
        'sizes that differ',
        'flag bits that differ',
        'checksums that differ',
      ],
      'zip-bypass': ['the flag 0x'],
    },
  ],
  [
    '2c',
    'names twice',
    {
      'torch-zip': ['two members of one name'],
      'zip-bypass': ['the first of two is malicious', 'the second of two is malicious'],
    },
  ],
  [
    '2c',
    'a pickle with a zip appended',
    { 'torch-zip': ['a pickle before the zip'], 'zip-bypass': ["['a pickle', GOOD, 'm.pkl']"] },
  ],
  [
    '2c',
    'structure of zip',
    {
      'torch-zip': [
        'two end records',
        'an end record in the comment',
        'no directory',
        'junk before',
        'encryption',
        'an unknown method',
        'NUL in a name',
        'a backslash',
        'an absolute path',
        'a path that leads up',
        'a symbolic link',
        'a bomb',
        'a zip in a zip in a zip in a zip',
      ],
      'zip-bypass': [
        'an end record of zip64',
        '70 000 are one too many',
        'a thousand entries for one member',
        'two sizes of stored data',
      ],
    },
  ],
  [
    '2c',
    '7z, RAR, unknown archives',
    { formats: ['7z under .pt'], 'zip-bypass': ['RAR under .pt', '7z under .pkl'] },
  ],
  [
    '2c',
    'compressed files',
    {
      compressed: ["describe('gzip'", "describe('zlib and the old joblib file'"],
      'compressed-codecs': ['bzip2', 'xz', 'lz4', 'zstd'],
    },
  ],
  [
    '2c',
    'tar, NeMo, TorchServe',
    {
      tar: [
        'a symbolic link',
        'a hard link',
        'a character device',
        'a name that leads up',
        'PyTorch’s first format',
      ],
      archives: ['os.system', 'a handler in Python'],
    },
  ],
  [
    '2c',
    'joblib: the pickle goes on behind an array',
    {
      joblib: [
        'a shape that hides a program behind too short an array',
        'objects that call',
        'an array longer than the file',
      ],
    },
  ],
  [
    '2c',
    'numpy',
    {
      formats: [
        'objects in a field',
        'a deep header',
        'bytes behind the data',
        'an npy that is a pickle',
        'an npz whose member is a pickle',
      ],
    },
  ],
  [
    '2c',
    'torch.storage._load_from_bytes',
    {
      'pickle-bypass': [
        'bytes handed to torch that are a pickle',
        'bytes handed to torch that are computed',
      ],
    },
  ],
  [
    '2d',
    'safetensors',
    {
      safetensors: [
        'header of 200 MB',
        'blank before {',
        'not UTF-8',
        'deep nesting',
        'a key twice',
        '__proto__',
        'metadata that is no text',
        'unknown dtype',
        'shape that overflows',
        'a gap',
        'an overlap',
        'bytes behind the last tensor',
      ],
    },
  ],
  [
    '2d',
    'CVE-2024-34359: templates of GGUF',
    {
      gguf: ['an unsafe template', 'an unsafe template under another name'],
      jinja: ['llama-cpp-python', '|attr', 'an unknown function', 'include'],
    },
  ],
  [
    '2d',
    'CVE-2024-23496, -21802, -21825, -21836, CVE-2026-33298: counts and sizes of GGUF',
    {
      gguf: [
        'more tensors than bytes',
        'more keys than bytes',
        'an array longer than the file',
        'an array of arrays',
        'an alignment of 3',
        'five dimensions',
        'a size that overflows',
        'overlapping tensors',
        'a key twice',
        'a tensor twice',
      ],
    },
  ],
  [
    '2d',
    'CVE-2022-25882, CVE-2024-27318, CVE-2026-27489, -34447, -34446: weights of ONNX in other files',
    {
      onnx: [
        'a path that leads up',
        'an absolute path',
        'a file that is not there',
        'in a sparse initializer',
        'in a subgraph',
        'in a function',
        'in an attribute',
        'a key twice',
        'another checksum',
      ],
    },
  ],
  [
    '2d',
    'operators of ONNX',
    {
      onnx: [
        'an operator that calls Python',
        'a compiled program in another file',
        'an unknown domain',
      ],
    },
  ],
  [
    '2d',
    'operators and files of a SavedModel',
    {
      'saved-model': [
        "'ReadFile', 'WriteFile', 'MatchingFiles', 'PyFunc'",
        "'EagerPyFunc', 'TextLineDataset', 'TFRecordDataset'",
        'DebugIdentity',
        'printing into a file',
        'an asset that leads up',
        'a Lambda layer',
        'wherever it is',
      ],
    },
  ],
  [
    '2d',
    'TensorFlow Lite',
    {
      tflite: [
        'an operator of TensorFlow itself',
        'an unknown custom operator',
        'data behind the end of the file',
        'bytes behind',
      ],
    },
  ],
  [
    '2d',
    'side files',
    {
      formats: ['auto_map', 'unsafe chat template', "['ELF'", "['PE'", 'Mach-O', 'byte code'],
      jinja: ['alone and in a list'],
      archives: ["['code', 'review', ['archive-code']"],
    },
  ],
];

const EVIL = pickle(global('posix', 'system'), text('id'), 'TUPLE1', 'REDUCE');
const NPY = Buffer.concat([
  Buffer.from([0x93]),
  Buffer.from('NUMPY'),
  Buffer.from([1, 0, 55, 0]),
  Buffer.from(`${"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}".padEnd(54)}\n`),
]);
const socket = pickle(global('socket', 'gethostbyname'), text('a.example'), 'TUPLE1', 'REDUCE');
const surrogate: Part[] = ['BINUNICODE', u32(3), Buffer.from([0xed, 0xa0, 0x80])];
const many = Array.from({ length: 300 }, (): Part[] => [
  stackGlobal('collections', 'OrderedDict'),
  'EMPTY_TUPLE',
  'REDUCE',
  'POP',
]).flat();

export const BY_GENERATION: [Section, id: string, rule: string, name: string, Buffer][] = [
  ['2a', 'dns_exfiltration.npy', 'pickle-call-blocked', 'a.npy', Buffer.concat([NPY, socket])],
  [
    '2a',
    'fickling GHSA-cffv-grgg-g429: permitted names first, many times',
    'pickle-global-blocked',
    'a.pkl',
    pickle(...many, global('posix', 'system'), text('id'), 'TUPLE1', 'REDUCE'),
  ],
  [
    '2a',
    'a name of half a surrogate pair',
    'pickle-global-blocked',
    'a.pkl',
    pickle(text('os'), ...surrogate, 'STACK_GLOBAL'),
  ],
  [
    '2a',
    'CVE-2026-24747: SETITEM on what is no dict',
    'pickle-state-blocked',
    'a.pkl',
    pickle(
      stackGlobal('torch', 'device'),
      text('cpu'),
      'TUPLE1',
      'REDUCE',
      text('a'),
      'NONE',
      'SETITEM',
    ),
  ],
  [
    '2a',
    'stanza: a loader that tries again without its guard',
    'pickle-call-blocked',
    'a.pt',
    writeZip([
      {
        name: 'a/data.pkl',
        bytes: assemble(
          proto(2),
          'EMPTY_DICT',
          text('model'),
          'EMPTY_DICT',
          'SETITEM',
          'POP',
          global('posix', 'system'),
          text('id'),
          'TUPLE1',
          'REDUCE',
          'STOP',
        ),
      },
      { name: 'a/version', bytes: Buffer.from('3\n') },
    ]),
  ],
  [
    '2c',
    'legacy PyTorch tar',
    'torch-legacy-tar',
    'a.tar',
    writeTar(['sys_info', 'pickle', 'storages', 'tensors'].map((name) => ({ name, bytes: EVIL }))),
  ],
];

/**
 * Advisories of the kind “X is not on the list”: what X is. Where an advisory names a class, its
 * method as the pickle names it.
 */
export const BY_NAME: [id: string, names: string[]][] = [
  ['CVE-2025-1716', ['pip.main', 'pip._internal.main', 'pip._internal.cli.main.main']],
  [
    'GHSA-655q-fx9r-782v, -49gj, -9w88',
    ['cProfile.run', 'cProfile.runctx', 'cProfile.Profile.run'],
  ],
  [
    'GHSA-7wx9, -x696, -6vqj',
    ['profile.run', 'profile.runctx', 'profile.Profile.run', 'profile.Profile.runctx'],
  ],
  ['GHSA-5qwp, -g344', ['trace.Trace.run', 'trace.Trace.runctx']],
  [
    'GHSA-cj3c',
    ['code.InteractiveInterpreter.runcode', 'code.InteractiveConsole.push', 'code.interact'],
  ],
  ['GHSA-fqq6', ['doctest.debug_script', 'doctest.debug']],
  ['GHSA-xp4f', ['ensurepip._run_pip', 'ensurepip.bootstrap']],
  ['GHSA-v7x6', ['timeit.timeit', 'timeit.repeat', 'timeit.main']],
  [
    'GHSA-3vg9, -6w4w, -7cq8, -8r4j, -9xph, -m869, -j343, -3gf5',
    [
      'idlelib.pyshell.ModifiedInterpreter.runcode',
      'idlelib.pyshell.ModifiedInterpreter.runcommand',
      'idlelib.run.Executive.runcode',
      'idlelib.calltip.Calltip.fetch_tip',
      'idlelib.calltip.get_entity',
      'idlelib.autocomplete.AutoComplete.get_entity',
      'idlelib.autocomplete.AutoComplete.fetch_completions',
      'idlelib.debugobj.ObjectTreeItem.SetText',
    ],
  ],
  [
    'GHSA-f54q, -p9w7',
    ['lib2to3.pgen2.grammar.Grammar.loads', 'lib2to3.pgen2.pgen.ParserGenerator.make_label'],
  ],
  [
    'GHSA-4r9r, -4whj, -86cj, -f4x7, -f745, -jhph, -h3qp, -vr7h, -vv6j',
    [
      'torch.utils.bottleneck.__main__.run_cprofile',
      'torch.utils.bottleneck.__main__.run_autograd_prof',
      'torch.utils._config_module.ConfigModule.load_config',
      'torch.utils.data.datapipes.utils.decoder.basichandlers',
      'torch.jit.unsupported_tensor_ops.execWrapper',
      'torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression',
      'torch._dynamo.guards.GuardBuilder.get',
      'torch.utils.collect_env.run',
      'torch.fx.graph_module._forward_from_src',
    ],
  ],
  [
    'GHSA-q77w, -jgw4, -f7qq, CVE-2025-10157',
    [
      'asyncio.unix_events._UnixSubprocessTransport._start',
      'asyncio.create_subprocess_shell',
      'asyncio.base_events.BaseEventLoop.subprocess_shell',
    ],
  ],
  ['GHSA-m273', ['distutils.file_util.write_file', 'distutils.spawn.spawn']],
  ['GHSA-4675', ['ctypes.CDLL', 'ctypes.WinDLL', 'ctypes.PyDLL', 'ctypes.util.find_library']],
  ['GHSA-84r2', ['pydoc.locate', 'pydoc.pipepager', 'operator.methodcaller']],
  ['GHSA-vqmv', ['pty.spawn']],
  [
    'GHSA-r8g5',
    [
      'numpy.f2py.crackfortran.getlincoef',
      'numpy.f2py.crackfortran.myeval',
      'numpy.f2py.crackfortran._eval_length',
    ],
  ],
  ['GHSA-955r, -46h3', ['_operator.attrgetter', '_operator.methodcaller', '_operator.itemgetter']],
  [
    'GHSA-g38g, CVE-2026-56315',
    [
      'uuid._get_command_stdout',
      '_osx_support._read_output',
      '_osx_support._find_build_tool',
      '_aix_support._read_cmd_output',
      'imaplib.IMAP4_stream',
      '_pyrepl.pager.pipe_pager',
      'test.support.script_helper.assert_python_ok',
    ],
  ],
  [
    'what opens files and connections',
    [
      '_io.FileIO',
      'io.open',
      'urllib.request.urlopen',
      'urllib.request.urlretrieve',
      'logging.FileHandler',
      'logging.config.listen',
      'types.CodeType',
      'types.FunctionType',
      'cloudpickle.cloudpickle._make_function',
      'cloudpickle.loads',
    ],
  ],
  [
    'still unlisted',
    [
      'importlib.import_module',
      'importlib._bootstrap._load',
      'importlib.machinery.SourceFileLoader',
      'marshal.loads',
      'multiprocessing.util.spawnv_passfds',
      '_posixsubprocess.fork_exec',
      'unittest.mock._importer',
      'zipimport.zipimporter',
      'site.main',
      'site.execsitecustomize',
      'sqlite3.connect',
      'xmlrpc.client.ServerProxy',
      'setuptools._distutils.spawn.spawn',
      'pandas.read_pickle',
      'pandas.read_csv',
      'pandas.eval',
      'pandas.io.common.get_handle',
      'mlflow.projects.backend.local._run_entry_point',
      'mlflow.pyfunc.load_model',
      'transformers.dynamic_module_utils.get_class_from_dynamic_module',
      'transformers.pipelines.pipeline',
    ],
  ],
  ['fickling GHSA-r7v6', ['pty.spawn']],
  ['fickling -565g', ['marshal.loads', 'types.FunctionType', 'types.CodeType']],
  [
    'fickling -wfq2, -q5qq',
    [
      'runpy.run_path',
      'runpy._run_code',
      'importlib.import_module',
      'code.interact',
      'multiprocessing.Process',
      'multiprocessing.process.BaseProcess',
      'multiprocessing.popen_fork.Popen',
    ],
  ],
  ['fickling -p523', ['cProfile.run']],
  ['fickling -5hvc, CVE-2026-22608', ['ctypes.CDLL', 'pydoc.locate']],
  [
    'fickling -5hwf',
    ['uuid._get_command_stdout', '_osx_support._read_output', '_aix_support._read_cmd_output'],
  ],
  ['fickling -m6fh', ['_posixsubprocess.fork_exec', 'site.main', 'atexit.register']],
  [
    'fickling -6ggj',
    [
      '_interpreters.exec',
      '_xxsubinterpreters.run_string',
      '_testcapi.run_in_subinterp',
      '_ctypes.dlopen',
      '_imp.create_dynamic',
      '_thread.start_new_thread',
    ],
  ],
];
