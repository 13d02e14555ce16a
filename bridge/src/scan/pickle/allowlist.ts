import { readData } from '../data/read.ts';

/** What a global may be used for while loading. Absent: not at all. */
export interface GlobalRule {
  role: 'class' | 'function' | 'value' | 'storage';
  /** argument lists with which REDUCE may call it; the words are those of arguments.ts */
  call?: string[][];
  /** argument lists with which NEWOBJ may make it */
  new?: string[][];
  /** BUILD may give its result a state */
  build?: boolean;
  /** SETITEM may fill its result */
  items?: boolean;
  /** APPEND may fill its result */
  append?: boolean;
  /** ADDITEMS may fill its result */
  add?: boolean;
  /**
   * functools.partial may be around it: whatever it is called with later, it only calculates; so
   * does every value that does not say otherwise
   */
  wrapped?: boolean;
  /** false: it may be called, made or given to who asks for it, and lie nowhere */
  kept?: false;
  /** the result is bytes, or an object of the class that is given as this argument */
  returns?: 'bytes' | number;
  /** what else must be looked at before it may be called */
  sink?:
    | 'attribute'
    | 'dispatch'
    | 'named-type'
    | 'partial'
    | 'ufunc'
    | 'arrow-array'
    | 'arrow-buffer'
    | 'arrow-type'
    | 'torch-sparse'
    | 'torch-bytes'
    | 'torch-tensor'
    | 'torch-tensor-typed'
    | 'dtype'
    | 'scalar'
    | 'base'
    | 'text-bytes'
    | 'fraction'
    | 'inline-array'
    | 'bytearray';
  /** of a storage class */
  elementBytes?: number;
  /** of a dtype of PyTorch: bytes of an element */
  typeBytes?: number;
}

export type Standing =
  | { standing: 'allowed'; rule: GlobalRule }
  | { standing: 'review' }
  | { standing: 'blocked'; known: boolean };

interface ReviewedFile {
  version: string;
  date: string;
  rules: Record<string, Record<string, GlobalRule>>;
}
interface GeneratedFile {
  version: string;
  date: string;
  libraries: Record<string, string>;
  /** module → names of classes that NEWOBJ without arguments and BUILD only fill with data */
  inert: Record<string, string[]>;
  /** the same, and they are dicts */
  inertDicts: Record<string, string[]>;
  /** module → names that are types or numpy functions and may be named as data */
  named: Record<string, string[]>;
  /** made by a call with their value */
  enums: Record<string, string[]>;
  /** classes with code of their own that loading does not reach: an approver decides */
  review: Record<string, string[]>;
  /** classes whose code would run on whatever state the file gives them */
  refused: Record<string, string[]>;
}

const INERT: GlobalRule = { role: 'class', new: [[]], build: true };
const INERT_DICT: GlobalRule = { role: 'class', new: [[]], build: true, items: true };
const NAMED: GlobalRule = { role: 'value' };
const ENUM: GlobalRule = { role: 'class', call: [['scalar|str']] };
const REVIEW: Standing = { standing: 'review' };
const REFUSED: Standing = { standing: 'blocked', known: true };
/**
 * Libraries whose classes, when we have never seen them, are shown to an approver instead of being
 * refused, and in which of their modules.
 */
const KNOWN_LIBRARIES: Record<string, RegExp> = {
  numpy: /./,
  scipy: /./,
  sklearn: /./,
  pandas: /./,
  xgboost: /./,
  lightgbm: /./,
  catboost: /./,
  imblearn: /./,
  category_encoders: /./,
  feature_engine: /./,
  mlxtend: /./,
  statsmodels: /./,
  torch: /^torch\.(nn|optim|distributions|quantization|ao\.(nn|quantization))\./,
  torchvision: /^torchvision\.(models|ops|transforms)\./,
  transformers:
    /^transformers\.(models\.[a-z0-9_]+\.(modeling|configuration|tokenization)_[a-z0-9_]+|configuration_utils|generation\.configuration_utils|tokenization_utils(_base)?|trainer_\w+|training_args\w*)$/,
};
const CLASS_NAME = /^_?[A-Z][A-Za-z0-9]*$/;
/** parts of those libraries that have no business in a model */
const NEVER =
  /(^|\.)(_?tests?|_?testing|conftest|externals|_?vendor|f2py|distutils|cpp_extension|_?distributed|elastic|multiprocessing|hub|package|jit|fx|utils|_?dynamo|_?inductor|io|datasets|setup|run)(\.|$)/;

/**
 * Exact (module, name) pairs, from data files: one written and reviewed by hand, one generated from
 * installed libraries.
 */
export class AllowList {
  readonly version: string;
  readonly date: string;
  private readonly standings = new Map<string, Standing>();

  constructor(reviewed: ReviewedFile, generated: GeneratedFile) {
    this.version = `${reviewed.version}+${generated.version}`;
    this.date = reviewed.date > generated.date ? reviewed.date : generated.date;
    const enter = (table: Record<string, string[]>, standing: Standing): void => {
      for (const [module, names] of Object.entries(table))
        for (const name of names) this.standings.set(`${module}\0${name}`, standing);
    };
    enter(generated.review, REVIEW);
    enter(generated.refused, REFUSED);
    enter(generated.enums, { standing: 'allowed', rule: ENUM });
    enter(generated.named, { standing: 'allowed', rule: NAMED });
    enter(generated.inert, { standing: 'allowed', rule: INERT });
    enter(generated.inertDicts, { standing: 'allowed', rule: INERT_DICT });
    for (const [module, names] of Object.entries(reviewed.rules)) {
      for (const [name, rule] of Object.entries(names))
        this.standings.set(`${module}\0${name}`, { standing: 'allowed', rule });
    }
  }

  /**
   * How a global stands. Only the exact pair counts; a known library makes an unknown class at most
   * a matter of review.
   */
  of(module: string, name: string): Standing {
    const exact = this.standings.get(`${module}\0${name}`);
    if (exact !== undefined) return exact;
    const library = module.split('.')[0]!;
    const known = Object.hasOwn(KNOWN_LIBRARIES, library);
    if (
      known &&
      KNOWN_LIBRARIES[library]!.test(module) &&
      CLASS_NAME.test(name) &&
      /^[A-Za-z0-9_.]+$/.test(module) &&
      !NEVER.test(module)
    )
      return REVIEW;
    return { standing: 'blocked', known };
  }
}

let loaded: AllowList | undefined;

/** The list that ships with this version of the scanner. */
export function allowList(): AllowList {
  loaded ??= new AllowList(
    readData<ReviewedFile>('reviewed.json'),
    readData<GeneratedFile>('generated.json'),
  );
  return loaded;
}
