import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { global, line, pickle, text } from '../unit/scan/pickle-assembler.ts';
import { writeZip } from '../unit/scan/zip-writer.ts';

export interface Sample {
  name: string;
  path: string;
  bytes: Buffer;
  /** refused as it is, and so must be what is made of it while it still does harm */
  hostile: boolean;
  /** Python's unpickler finds what it is refused for */ readByPython: boolean;
}

const SAMPLES = join(import.meta.dirname, '../samples');
const EXAMPLES = join(import.meta.dirname, '../../../examples');
const SAMPLE_MAX_BYTES = 64 * 1024;

/** Everything to begin from: what real libraries wrote, and small files that are refused. */
export function corpus(): Sample[] {
  const files = readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/\.(py|md)$|__pycache__/.test(name))
    .map((name) => join(SAMPLES, name));
  const found = [
    ...files,
    join(EXAMPLES, 'malicious/model.pkl'),
    join(EXAMPLES, 'digits/model.safetensors'),
    join(EXAMPLES, 'digits/Dockerfile'),
  ]
    .filter(
      (path) =>
        statSync(path).isFile() &&
        statSync(path).size > 0 &&
        statSync(path).size <= SAMPLE_MAX_BYTES,
    )
    .sort()
    .map((path): Sample => ({
      name: basename(path),
      path,
      bytes: readFileSync(path),
      hostile: /hostile|malicious/.test(path),
      readByPython: path.includes('malicious'),
    }));
  return [...found, ...refused()];
}

/** One pickle that is refused, in each of the places where a loader would find it. */
function refused(): Sample[] {
  const plain = Buffer.from(pickle(global('posix', 'system'), text('true'), 'TUPLE1', 'REDUCE'));
  const byStack = Buffer.from(
    pickle(text('builtins'), text('eval'), 'STACK_GLOBAL', text('1'), 'TUPLE1', 'REDUCE'),
  );
  const inst = Buffer.from(pickle('MARK', text('true'), 'INST', line('posix'), line('system')));
  const obj = Buffer.from(pickle('MARK', global('builtins', 'exec'), text('1'), 'OBJ'));
  const remembered = Buffer.from(
    pickle(
      text('posix'),
      'MEMOIZE',
      'POP',
      text('system'),
      'MEMOIZE',
      'POP',
      'BINGET',
      0,
      'BINGET',
      1,
      'STACK_GLOBAL',
      text('true'),
      'TUPLE1',
      'REDUCE',
    ),
  );
  const state = Buffer.from(
    pickle(
      global('collections', 'OrderedDict'),
      'EMPTY_TUPLE',
      'REDUCE',
      global('subprocess', 'Popen'),
      'EMPTY_TUPLE',
      'REDUCE',
      'BUILD',
    ),
  );
  const torch = writeZip([
    { name: 'archive/data.pkl', bytes: plain },
    { name: 'archive/version', bytes: Buffer.from('3\n') },
  ]);
  const packed = writeZip([{ name: 'archive/data.pkl', bytes: byStack, deflate: true }]);
  const made: [string, Buffer][] = [
    ['plain.pkl', plain],
    ['stack.pkl', byStack],
    ['inst.pkl', inst],
    ['obj.pkl', obj],
    ['remembered.pkl', remembered],
    ['state.pkl', state],
    ['torch.pt', torch],
    ['packed.zip', packed],
  ];
  return made.map(([name, bytes]) => ({
    name,
    path: `generated/${name}`,
    bytes,
    hostile: true,
    readByPython: true,
  }));
}
