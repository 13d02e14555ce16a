import { readData } from '../data/read.ts';

interface NameFile {
  version: string;
  registered: string[];
  classes: Record<string, string[]>;
  functions: Record<string, string[]>;
}

/**
 * Modules of which models are made; what lies elsewhere in Keras (saving, utils, config, …) does
 * something.
 */
const OF_MODELS =
  /^keras(\.src)?(\.(layers|models|engine|initializers|regularizers|constraints|activations|optimizers|losses|metrics|dtype_policies|mixed_precision|quantizers|ops|random|nn|trainers|distillation|applications)(\.[A-Za-z0-9_]+)*)?$/;
/**
 * Of these, the ones that hold functions which only compute; the others build, load or fetch
 * models.
 */
const OF_FUNCTIONS =
  /^keras(\.src)?\.(activations|initializers|regularizers|constraints|losses|metrics|ops|random|nn)(\.[A-Za-z0-9_]+)*$/;
/** Libraries of the Keras team that are built of layers. */
const RELATED = /^keras_(hub|nlp|cv|rs)(\.[A-Za-z0-9_]+)*$/;
/** The same library under the names that it had. */
const OLDER: readonly [RegExp, string][] = [
  [
    /^(tf_keras|tensorflow\.keras|tensorflow\.python\.keras|keras\.api(\._v[12]\.keras)?)(?=\.|$)/,
    'keras',
  ],
  [/^keras\.(?=engine\.)/, 'keras.src.'],
];
const PLAIN = /^[A-Za-z0-9_.]+$/;

export type Place = 'model' | 'other' | 'related' | 'foreign';

/**
 * What Keras itself brings: data/keras-classes.json, by the module that Keras writes beside a name.
 */
export class KerasNames {
  private readonly classes = new Map<string, ReadonlySet<string>>();
  private readonly functions = new Map<string, ReadonlySet<string>>();
  private readonly registered: ReadonlySet<string>;
  private readonly anyClass: ReadonlySet<string>;
  private readonly anyFunction: ReadonlySet<string>;

  constructor() {
    const file = readData<NameFile>('keras-classes.json');
    for (const [module, names] of Object.entries(file.classes))
      this.classes.set(module, new Set(names));
    for (const [module, names] of Object.entries(file.functions))
      this.functions.set(module, new Set(names));
    this.registered = new Set(file.registered);
    this.anyClass = new Set(Object.values(file.classes).flat());
    // functions without a module are looked up among those that layers take by name
    this.anyFunction = new Set(
      [
        'activations',
        'losses',
        'metrics',
        'initializers',
        'regularizers',
        'constraints',
        'ops',
      ].flatMap((part) => file.functions[`keras.${part}`] ?? []),
    );
  }

  /** `null`: the form of Keras 2, in which layers name their class only. */
  isClass(module: string | null, name: string): boolean {
    return module === null
      ? this.anyClass.has(name)
      : this.classes.get(canonical(module))?.has(name) === true;
  }

  isFunction(module: string | null, name: string): boolean {
    return module === null || module === 'builtins'
      ? this.anyFunction.has(name)
      : this.functions.get(canonical(module))?.has(name) === true;
  }

  /** Keras 2 files its own optimizers under `Custom>`. */
  isRegistered(name: string): boolean {
    return this.registered.has(name);
  }
}

export function placeOf(module: string): Place {
  const name = canonical(module);
  if (!PLAIN.test(name)) return 'foreign';
  if (OF_MODELS.test(name)) return 'model';
  if (RELATED.test(name)) return 'related';
  return /^keras(\.|$)/.test(name) ? 'other' : 'foreign';
}

export const bringsFunctions = (module: string): boolean => OF_FUNCTIONS.test(canonical(module));

function canonical(module: string): string {
  return OLDER.reduce((name, [old, now]) => name.replace(old, now), module);
}
