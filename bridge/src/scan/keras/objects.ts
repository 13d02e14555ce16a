import type { JsonValue } from '../json/strict.ts';
import type { RuleId } from '../rules.ts';
import { bringsFunctions, placeOf, type KerasNames } from './names.ts';
import {
  FUNCTION_LAYERS,
  PLAIN_VALUES,
  REFUSED_CLASSES,
  TYPE_SPECS,
  TYPE_SPEC_MODULES,
  isTensorflowInitializer,
  judgeTensorflowFunction,
} from './refused.ts';

/** One thing that the description of a model should not say; `path` leads to it in the JSON. */
export type TellConfig = (rule: RuleId, symbol: string, path: string, why?: string) => void;

export type Described = Map<string, JsonValue>;

/** `package>name`; `ij->ji` is how sums are written */
export const REGISTERED = /^[A-Za-z0-9_][\w. -]*(?<!-)>[A-Za-z_]\w*$/;
/** a dot would lead from one module of Keras into another */
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** How a description calls an object, and where it does. */
interface Named {
  readonly name: string;
  readonly module: string | null;
  readonly registered: string | null;
  readonly path: string;
}

/** Judges the classes and functions that a description names, one object at a time. */
export class ObjectJudge {
  private readonly names: KerasNames;
  private readonly tell: TellConfig;

  constructor(known: KerasNames, tell: TellConfig) {
    this.names = known;
    this.tell = tell;
  }

  /** A module without a class: older forms of functions. */
  judgeStray(map: Described, path: string): void {
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

  judge(map: Described, path: string): void {
    const name = this.text(map, 'class_name', path);
    const module = this.text(map, 'module', path);
    const registered = this.text(map, 'registered_name', path);
    if (name === null)
      return this.tell('keras-config', 'class_name', path, 'An object names no class.');
    this.judgeStray(map, path);
    const refused =
      REFUSED_CLASSES.get(lastPart(name)) ??
      (registered === null ? undefined : REFUSED_CLASSES.get(lastPart(registered)));
    if (refused !== undefined) return this.tell(refused.rule, name, path, refused.why);
    const object = { name, module, registered, path };
    if (PLAIN_VALUES.has(name)) return this.judgePlain(object);
    if ((registered === null || registered === name) && isTensorflowInitializer(module, name))
      return;
    this.judgeByClass(object, map);
  }

  private judgeByClass(object: Named, map: Described): void {
    const { name, module, registered, path } = object;
    const config = map.get('config') ?? null;
    if (name === '__typespec__' || name === 'TypeSpec')
      return this.judgeTypeSpec(
        object,
        this.text(map, 'spec_name', path) ?? this.text(map, 'type_spec', path),
      );
    if (name === 'function') return this.judgeFunction(object, config);
    if (!FUNCTION_LAYERS.has(name))
      return this.judgeName(object, this.names.isClass(module, name), symbolOf(module, name));
    if (registered !== null && registered !== name) this.judgeName(object, true, registered);
    this.judgeFunctionLayer(object, config);
  }

  private text(map: Described, key: string, path: string): string | null {
    const value = map.get(key) ?? null;
    if (value === null || typeof value === 'string') return value;
    this.tell('keras-config', key, path, `\`${key}\` is not a text.`);
    return null;
  }

  /**
   * Not every release of Keras knows all of these values; one that does not imports the module and
   * looks for a class there.
   */
  private judgePlain({ name, module, registered, path }: Named): void {
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

  private judgeFunction({ module, registered, path }: Named, config: JsonValue): void {
    if (typeof config !== 'string')
      return this.tell('keras-config', 'function', path, 'A function without a name.');
    const symbol = symbolOf(module, config);
    const isKnown = this.names.isFunction(module, config);
    // functions of their own are registered as `function`, and under their package by name
    const under = registered === 'function' ? null : registered;
    const called = { name: config, module, registered: under, path };
    if (module === null || module === 'builtins') {
      if (REGISTERED.test(config) || isKnown)
        return this.judgeName({ ...called, module: null }, isKnown, symbol);
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
    this.judgeName(called, isKnown, symbol);
  }

  /** The same order as Keras looks names up in: what is registered comes first. */
  private judgeName(object: Named, isKnown: boolean, symbol: string): void {
    const { name, module, path } = object;
    const place = module === null ? 'model' : placeOf(module);
    if (place === 'foreign') return this.tell('keras-module', symbol, path);
    if (place === 'other' && !isKnown) return this.tell('keras-function', symbol, path);
    const custom = customName(object);
    if (custom !== null) return this.judgeCustom(custom, path);
    if (!isKnown && place === 'model' && looksLikeFunction(module, name))
      return this.tell('keras-function', symbol, path);
    if (!IDENTIFIER.test(name))
      return this.tell(
        'keras-class',
        symbol,
        path,
        'The name is not that of one class or function.',
      );
    if (!isKnown) this.tell(module === null ? 'keras-class' : 'keras-class-review', symbol, path);
  }

  private judgeCustom(custom: string, path: string): void {
    if (this.names.isRegistered(custom)) return;
    if (REGISTERED.test(custom)) return this.tell('keras-custom-object', custom, path);
    this.tell(
      'keras-class',
      custom,
      path,
      'The object is registered under a name that Keras never gives.',
    );
  }

  /** `__typespec__` needs a module, the older `TypeSpec` must not have one. */
  private judgeTypeSpec({ name, module, path }: Named, spec: string | null): void {
    if (spec === null || !TYPE_SPECS.test(spec))
      this.tell(
        'keras-class',
        spec ?? 'TypeSpec',
        path,
        'The file names a kind of tensor that nobody knows.',
      );
    const needsModule = name === '__typespec__';
    if (needsModule ? module === null || !TYPE_SPEC_MODULES.test(module) : module !== null)
      this.tell('keras-module', module ?? '', path);
  }

  private judgeFunctionLayer({ name: layer, module, path }: Named, config: JsonValue): void {
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

const symbolOf = (module: string | null, name: string): string =>
  module === null ? name : `${module}.${name}`;

/** The name under which somebody registered the object, or null. */
const customName = ({ name, registered }: Named): string | null =>
  [name, registered].find(
    (one) => one !== null && (one.includes('>') || (one !== name && one !== '')),
  ) ?? null;

/** Lower case, in a module that does not bring functions. */
const looksLikeFunction = (module: string | null, name: string): boolean =>
  module !== null && /^[a-z]/.test(name) && !bringsFunctions(module);

const lastPart = (name: string): string => name.slice(name.lastIndexOf('>') + 1);
