import type { JsonValue } from '../json/strict.ts';
import { isPackedPickle, mayBePacked } from '../pickle/embedded.ts';
import { BufferSource } from '../source.ts';
import { KerasNames } from './names.ts';
import { ObjectJudge, REGISTERED, type Described, type TellConfig } from './objects.ts';
import { FILE_SETTINGS, WORD_LISTS, looksLikePlace } from './refused.ts';

/** what `marshal` writes of a code object (0xe3, few arguments), in base64 */
const BYTE_CODE = /^4w[A-H]AAA/;
/**
 * functions that Keras does not bring, by which programs are started and files opened: no layer is
 * called so, nor a loss
 */
const OF_PYTHON =
  /^(os|posix|nt|sys|subprocess|builtins|__builtin__|shutil|runpy|importlib|pickle|_pickle|marshal|ctypes|pty|socket|urllib\.request)\.[A-Za-z_][\w.]*$/;
let names: KerasNames | undefined;

/** Does this JSON say how a model of Keras is built? */
export function isKerasConfig(root: JsonValue): root is Described {
  return root instanceof Map && typeof root.get('class_name') === 'string' && root.has('config');
}

/**
 * Walks through all that the description of a model says, wherever Keras would make an object of
 * it: each class and function must be one that Keras brings and that only computes. Keras builds
 * objects at any depth, so every object is looked at.
 */
export function judgeKerasConfig(root: JsonValue, tell: TellConfig): void {
  new ConfigWalk((names ??= new KerasNames()), tell).look(root, '', null);
}

class ConfigWalk {
  private readonly names: KerasNames;
  private readonly tell: TellConfig;
  private readonly objects: ObjectJudge;

  constructor(known: KerasNames, tell: TellConfig) {
    this.names = known;
    this.tell = tell;
    this.objects = new ObjectJudge(known, tell);
  }

  /** The parser has bounded the depth. */
  look(value: JsonValue, path: string, key: string | null): void {
    if (typeof value === 'string') return this.lookAtText(value, path, key);
    if (Array.isArray(value)) {
      if (key !== null && WORD_LISTS.has(key) && value.every((word) => typeof word !== 'object'))
        return;
      value.forEach((element, i) => this.look(element, `${path}[${i}]`, null));
      return;
    }
    if (!(value instanceof Map)) return;
    if (value.has('class_name')) this.objects.judge(value, path);
    else this.objects.judgeStray(value, path);
    for (const [inner, content] of value)
      this.look(content, path === '' ? inner : `${path}.${inner}`, inner);
  }

  private lookAtText(text: string, path: string, key: string | null): void {
    if (key !== null && FILE_SETTINGS.has(key) && text !== '')
      this.tell(
        'keras-file',
        text,
        path,
        `The setting ${key} names a file or an address that loading would read.`,
      );
    else if (looksLikePlace(text)) this.tell('keras-file', text, path);
    if (BYTE_CODE.test(text))
      this.tell(
        'keras-code',
        text.slice(0, 40),
        path,
        'The text is byte code of a Python function.',
      );
    else if (holdsPickle(text)) this.tell('pickle-embedded', text.slice(0, 40), path);
    else if (OF_PYTHON.test(text))
      this.tell('keras-function', text, path, 'The file names a function of Python.');
    if (
      REGISTERED.test(text) &&
      key !== 'class_name' &&
      key !== 'registered_name' &&
      !this.names.isRegistered(text)
    )
      this.tell('keras-custom-object', text, path);
  }
}

function holdsPickle(text: string): boolean {
  const bytes = Buffer.from(text);
  return mayBePacked(bytes, 0) && isPackedPickle(new BufferSource(bytes), 0, bytes.length);
}
