import { expect } from 'chai';
import {
  assemble,
  global,
  line,
  pickle,
  proto,
  stackGlobal,
  text,
  type Part,
} from './pickle-assembler.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';
import { writeZip } from './zip-writer.ts';

/**
 * Functions that run something, load something or write something, and that lists of forbidden
 * names have missed: each from a published advisory of another scanner, or found by trying. None of
 * them is on the list of what is allowed; no list of what is forbidden exists.
 */
const GADGETS = `
os.system posix.system nt.system subprocess.Popen builtins.eval builtins.exec __builtin__.eval builtins.setattr builtins.__import__ builtins.map builtins.open
pip.main pip._internal.main cProfile.run cProfile.runctx profile.run profile.runctx profile.Profile.run trace.Trace.run trace.Trace.runctx
code.InteractiveInterpreter.runcode code.interact doctest.debug_script ensurepip._run_pip timeit.timeit timeit.main
idlelib.pyshell.ModifiedInterpreter.runcode idlelib.calltip.Calltip.fetch_tip idlelib.autocomplete.AutoComplete.get_entity idlelib.debugobj.ObjectTreeItem.SetText
idlelib.run.Executive.runcode idlelib.calltip.get_entity idlelib.pyshell.ModifiedInterpreter.runcommand lib2to3.pgen2.grammar.Grammar.loads lib2to3.pgen2.pgen.ParserGenerator.make_label
torch.utils.bottleneck.__main__.run_cprofile torch.utils.bottleneck.__main__.run_autograd_prof torch.utils._config_module.ConfigModule.load_config
torch.utils.data.datapipes.utils.decoder.basichandlers torch.jit.unsupported_tensor_ops.execWrapper torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression
torch._dynamo.guards.GuardBuilder.get torch.utils.collect_env.run torch.serialization.load torch.hub.load torch.load
asyncio.unix_events._UnixSubprocessTransport._start asyncio.create_subprocess_shell distutils.file_util.write_file setuptools._distutils.spawn.spawn
ctypes.CDLL ctypes.WinDLL pydoc.locate pydoc.pipepager operator.methodcaller operator.attrgetter _operator.attrgetter _operator.methodcaller
pty.spawn numpy.f2py.crackfortran.getlincoef numpy.f2py.crackfortran.myeval numpy.testing._private.utils.runstring numpy.load numpy.fromfile numpy.loadtxt
uuid._get_command_stdout _osx_support._read_output _aix_support._read_cmd_output imaplib.IMAP4_stream _pyrepl.pager.pipe_pager test.support.script_helper.assert_python_ok
_io.FileIO io.open io.FileIO urllib.request.urlopen urllib.request.urlretrieve logging.FileHandler logging.config.listen types.CodeType types.FunctionType
cloudpickle.cloudpickle._make_function dill._dill._create_code marshal.loads pickle.loads _pickle.loads joblib.load importlib.import_module importlib._bootstrap._load
pkgutil.resolve_name functools.reduce multiprocessing.util.spawnv_passfds _posixsubprocess.fork_exec unittest.mock._importer zipimport.zipimporter
site.execsitecustomize site.main sqlite3.connect xmlrpc.client.ServerProxy pandas.read_csv pandas.io.common.get_handle pandas.read_pickle pandas.eval
mlflow.projects.backend.local._run_entry_point transformers.dynamic_module_utils.get_class_from_dynamic_module sklearn.datasets.load_files sklearn.utils._testing.check_skip_network
runpy.run_path runpy._run_code codeop.compile_command atexit.register bdb.Bdb.run _interpreters.exec _xxsubinterpreters.run_string webbrowser.open
ssl.get_server_certificate socket.create_connection smtplib.SMTP ftplib.FTP telnetlib.Telnet http.client.HTTPSConnection linecache.getlines tarfile.open zipfile.ZipFile
shutil.rmtree shutil.copyfile tempfile.mktemp glob.glob fileinput.input compileall.compile_file py_compile.compile imp.load_source nturl2path.url2pathname
gc.get_objects sys.settrace sys.modules threading.Thread concurrent.futures.thread.ThreadPoolExecutor signal.signal copyreg.add_extension copyreg._reconstructor_ex
weakref.finalize contextlib.ExitStack bz2.BZ2File lzma.LZMAFile gzip.GzipFile configparser.ConfigParser venv.create xml.sax.parse aifc.open wsgiref.simple_server.demo_app
`
  .trim()
  .split(/\s+/)
  .map((name): [string, string] => {
    const dot = name.lastIndexOf('.');
    return [name.slice(0, dot), name.slice(dot + 1)];
  });

const call = (...how: Part[]): Part[] => [...how, text('true'), 'TUPLE1', 'REDUCE'];
const byLine = (module: string, name: string): Buffer =>
  assemble(global(module, name), 'MARK', 'STRING', line("'true'"), 'TUPLE', 'REDUCE', 'STOP');

/** The same call as each protocol writes it, and in each place where a loader would find it. */
const CARRIERS: [
  what: string,
  file: string,
  bytes: (module: string, name: string) => Uint8Array,
][] = [
  ['protocol 0', 'a.pkl', byLine],
  [
    'INST',
    'a.pkl',
    (module, name) =>
      assemble('MARK', 'STRING', line("'true'"), 'INST', line(module), line(name), 'STOP'),
  ],
  [
    'OBJ',
    'a.pkl',
    (module, name) => assemble(proto(2), 'MARK', global(module, name), text('true'), 'OBJ', 'STOP'),
  ],
  [
    'protocol 2',
    'a.pkl',
    (module, name) => assemble(proto(2), ...call(global(module, name)), 'STOP'),
  ],
  [
    'protocol 3, NEWOBJ',
    'a.pkl',
    (module, name) =>
      assemble(proto(3), global(module, name), text('true'), 'TUPLE1', 'NEWOBJ', 'STOP'),
  ],
  ['protocol 4', 'a.pkl', (module, name) => pickle(...call(stackGlobal(module, name)))],
  [
    'protocol 5, its result thrown away',
    'a.pkl',
    (module, name) => assemble(proto(5), ...call(stackGlobal(module, name)), 'POP', 'NONE', 'STOP'),
  ],
  [
    'a dotted name',
    'a.pkl',
    (module, name) => {
      const [first, ...rest] = module.split('.');
      return pickle(...call(stackGlobal(first!, [...rest, name].join('.'))));
    },
  ],
  [
    'only named, as a value',
    'a.pkl',
    (module, name) => pickle('EMPTY_DICT', text('loss'), stackGlobal(module, name), 'SETITEM'),
  ],
  ['joblib', 'a.joblib', (module, name) => pickle(...call(stackGlobal(module, name)))],
  [
    'the zip of torch',
    'a.pt',
    (module, name) =>
      writeZip([
        { name: 'a/data.pkl', bytes: assemble(proto(2), ...call(global(module, name)), 'STOP') },
        { name: 'a/version', bytes: Buffer.from('3\n') },
      ]),
  ],
  [
    'an array of objects',
    'a.npy',
    (module, name) =>
      Buffer.concat([
        npyHeader("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
        pickle(...call(stackGlobal(module, name))),
      ]),
  ],
];

function npyHeader(text_: string): Buffer {
  const padded = `${text_}${' '.repeat(63 - ((10 + text_.length) % 64))}\n`;
  const head = Buffer.from([
    0x93,
    ...Buffer.from('NUMPY'),
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  ]);
  return Buffer.concat([head, Buffer.from(padded)]);
}

describe(`${GADGETS.length} functions that lists of forbidden names have missed`, () => {
  for (const [what, file, bytes] of CARRIERS) {
    it(`are all refused in ${what}`, () => {
      const passed = GADGETS.filter(([module, name]) => {
        const result = scanBytes(file, bytes(module, name));
        return (
          result.verdict !== 'block' ||
          !rulesOf(result).some((rule) =>
            /^(pickle-global-blocked|pickle-call-blocked|pickle-opcode-blocked)$/.test(rule),
          )
        );
      });
      expect(passed.map((pair) => pair.join('.'))).to.deep.equal([]);
    });
  }
});
