import type { JsonValue } from '../json/strict.ts';
import { isPackedPickle, mayBePacked } from '../pickle/embedded.ts';
import type { RuleId } from '../rules.ts';
import { BufferSource } from '../source.ts';
import { KerasNames, bringsFunctions, placeOf } from './names.ts';
import {
  FILE_SETTINGS,
  FUNCTION_LAYERS,
  PLAIN_VALUES,
  REFUSED_CLASSES,
  TYPE_SPECS,
  TYPE_SPEC_MODULES,
  WORD_LISTS,
  isTensorflowInitializer,
  judgeTensorflowFunction,
  looksLikePlace,
} from './refused.ts';

/** One thing that the description of a model should not say; `path` leads to it in the JSON. */
export type TellConfig = (rule: RuleId, symbol: string, path: string, why?: string) => void;

type Described = Map<string, JsonValue>;

/** `package>name`; `ij->ji` is how sums are written */
const REGISTERED = /^[A-Za-z0-9_][\w. -]*(?<!-)>[A-Za-z_]\w*$/;
/** a dot would lead from one module of Keras into another */
const IDENTIFIER = /^[A-Za-z_]\w*$/;
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

  constructor(known: KerasNames, tell: TellConfig) {
    this.names = known;
    this.tell = tell;
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
    if (value.has('class_name')) this.judgeObject(value, path);
    else this.judgeStray(value, path);
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

  /** A module without a class: older forms of functions. */
  private judgeStray(map: Described, path: string): void {
    for (const [key, value] of map) {
      if (key === '__lambda__') this.tell('keras-code', key, path);
      if ((key === 'function_type' || key === 'output_shape_type') && value === 'lambda')
        this.tell('keras-code', key, path, 'The file carries the byte code of a Python function.');
      // the module of an object is judged with its name
      const isOfObject = key === 'module' && map.has('class_name');
      if (
        !isOfObject &&
        /(^|_)module$/.test(key) &&
        typeof value === 'string' &&
        placeOf(value) === 'foreign'
      )
        this.tell('keras-module', value, path);
    }
  }

  private judgeObject(map: Described, path: string): void {
    const text = (key: string): string | null => {
      const value = map.get(key) ?? null;
      if (value === null || typeof value === 'string') return value;
      this.tell('keras-config', key, path, `\`${key}\` is not a text.`);
      return null;
    };
    const name = text('class_name');
    const module = text('module');
    const registered = text('registered_name');
    if (name === null)
      return this.tell('keras-config', 'class_name', path, 'An object names no class.');
    this.judgeStray(map, path);
    const config = map.get('config') ?? null;
    const refused =
      REFUSED_CLASSES.get(lastPart(name)) ??
      (registered === null ? undefined : REFUSED_CLASSES.get(lastPart(registered)));
    if (refused !== undefined) return this.tell(refused.rule, name, path, refused.why);
    if (PLAIN_VALUES.has(name)) return this.judgePlain(name, module, registered, path);
    if ((registered === null || registered === name) && isTensorflowInitializer(module, name))
      return;
    if (name === '__typespec__' || name === 'TypeSpec')
      return this.judgeTypeSpec(
        text('spec_name') ?? text('type_spec'),
        module,
        name === '__typespec__',
        path,
      );
    if (name === 'function') return this.judgeFunction(config, module, registered, path);
    if (FUNCTION_LAYERS.has(name)) {
      if (registered !== null && registered !== name)
        this.judgeName(name, module, registered, path, true, registered);
      return this.judgeFunctionLayer(name, config, module, path);
    }
    this.judgeName(
      name,
      module,
      registered,
      path,
      this.names.isClass(module, name),
      `${module ?? ''}${module === null ? '' : '.'}${name}`,
    );
  }

  /**
   * Not every release of Keras knows all of these values; one that does not imports the module and
   * looks for a class there.
   */
  private judgePlain(
    name: string,
    module: string | null,
    registered: string | null,
    path: string,
  ): void {
    if (module !== null)
      this.tell(
        'keras-module',
        `${module}.${name}`,
        path,
        'A plain value names a module, which Keras never writes.',
      );
    if (registered !== null && registered !== name)
      this.tell(
        'keras-class',
        registered,
        path,
        'A plain value is registered under a name, which Keras never writes.',
      );
  }

  private judgeFunction(
    config: JsonValue,
    module: string | null,
    registered: string | null,
    path: string,
  ): void {
    if (typeof config !== 'string')
      return this.tell('keras-config', 'function', path, 'A function without a name.');
    const symbol = `${module ?? ''}${module === null ? '' : '.'}${config}`;
    const isKnown = this.names.isFunction(module, config);
    // functions of their own are registered as `function`, and under their package by name
    const under = registered === 'function' ? null : registered;
    if (module === null || module === 'builtins') {
      if (REGISTERED.test(config) || isKnown)
        return this.judgeName(config, null, under, path, isKnown, symbol);
      return this.tell(
        'keras-function',
        symbol,
        path,
        'The file names a built-in function of Python, or one that nobody knows.',
      );
    }
    if (!isKnown && placeOf(module) === 'model' && !bringsFunctions(module))
      return this.tell('keras-function', symbol, path);
    if (!isKnown && placeOf(module) === 'related')
      return this.tell(
        'keras-function',
        symbol,
        path,
        'The file names a function of a library of the Keras team; only its classes are parts of models.',
      );
    this.judgeName(config, module, under, path, isKnown, symbol);
  }

  /** The same order as Keras looks names up in: what is registered comes first. */
  private judgeName(
    name: string,
    module: string | null,
    registered: string | null,
    path: string,
    isKnown: boolean,
    symbol: string,
  ): void {
    const place = module === null ? 'model' : placeOf(module);
    if (place === 'foreign') return this.tell('keras-module', symbol, path);
    if (place === 'other' && !isKnown) return this.tell('keras-function', symbol, path);
    for (const custom of [name, registered]) {
      if (custom === null || (!custom.includes('>') && (custom === name || custom === '')))
        continue;
      if (this.names.isRegistered(custom)) return;
      if (REGISTERED.test(custom)) return this.tell('keras-custom-object', custom, path);
      return this.tell(
        'keras-class',
        custom,
        path,
        'The object is registered under a name that Keras never gives.',
      );
    }
    if (
      !isKnown &&
      place === 'model' &&
      module !== null &&
      /^[a-z]/.test(name) &&
      !bringsFunctions(module)
    )
      return this.tell('keras-function', symbol, path);
    if (!IDENTIFIER.test(name))
      return this.tell(
        'keras-class',
        symbol,
        path,
        'The name is not that of one class or function.',
      );
    if (isKnown) return;
    if (place === 'related') return this.tell('keras-class-review', symbol, path);
    if (module === null) return this.tell('keras-class', symbol, path);
    this.tell('keras-class-review', symbol, path);
  }

  private judgeTypeSpec(
    spec: string | null,
    module: string | null,
    needsModule: boolean,
    path: string,
  ): void {
    if (spec === null || !TYPE_SPECS.test(spec))
      this.tell(
        'keras-class',
        spec ?? 'TypeSpec',
        path,
        'The file names a kind of tensor that nobody knows.',
      );
    if (needsModule ? module === null || !TYPE_SPEC_MODULES.test(module) : module !== null)
      this.tell('keras-module', module ?? '', path);
  }

  private judgeFunctionLayer(
    layer: string,
    config: JsonValue,
    module: string | null,
    path: string,
  ): void {
    if (module !== null && placeOf(module) !== 'model')
      return this.tell('keras-module', `${module}.${layer}`, path);
    const called = config instanceof Map ? (config.get('function') ?? null) : null;
    if (layer !== 'TFOpLambda' && layer !== 'SlicingOpLambda')
      return this.tell(
        'keras-class-review',
        layer,
        path,
        `${layer} calls a method or reads an attribute of a tensor by its name.`,
      );
    if (typeof called !== 'string')
      return this.tell('keras-config', layer, path, 'The layer does not name its function.');
    const verdict = judgeTensorflowFunction(called);
    if (verdict === 'refused')
      this.tell(
        'keras-function',
        called,
        path,
        'The layer calls a function of TensorFlow that reaches outside of the model.',
      );
    if (verdict === 'unknown')
      this.tell(
        'keras-class-review',
        called,
        path,
        'The layer calls a function of TensorFlow that has not been reviewed.',
      );
  }
}

function holdsPickle(text: string): boolean {
  const bytes = Buffer.from(text);
  return mayBePacked(bytes, 0) && isPackedPickle(new BufferSource(bytes), 0, bytes.length);
}

const lastPart = (name: string): string => name.slice(name.lastIndexOf('>') + 1);
