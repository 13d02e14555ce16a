import { isPlainPath } from '../containers/member-name.ts';
import type { ScanContext } from '../format.ts';

/** keys under which hydra, Lightning and MONAI are told what to import and call */
const NAMING = new Set(['_target_', '__target__', 'class_path', 'loader_module']);
/** what jsonpickle makes objects of */
const JSONPICKLE = /^py\/(object|reduce|function|type|repr|newobj\w*|state|ref)$/;
const DOTTED = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const CLASS = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\.[A-Z]\w*$/;
const KNOWN =
  /^(nemo\.(collections|core)|torch\.(nn|optim|utils\.data)|torchvision\.(models|transforms)|torchmetrics|pytorch_lightning|lightning|omegaconf|transformers|diffusers|sentence_transformers\.models|monai\.(networks|transforms|inferers)|mlflow\.\w+)(\.|$)/;
/**
 * modules of Python itself: what starts programs, runs text or reaches the network is there, and no
 * part of a model
 */
const OF_PYTHON =
  /^(_?posix|nt|os|sys|builtins|__builtin__|subprocess|_posixsubprocess|shutil|runpy|importlib|imp|pickle|_pickle|marshal|socket|ctypes|pty|code|codeop|urllib|http|ftplib|smtplib|webbrowser|multiprocessing|threading|operator|_operator|functools|pathlib|io|tempfile|pip|ensurepip|timeit|bdb|pdb|pydoc|site|venv|eval|exec|open|compile|getattr|__import__)(\.|$)/;
/** what diffusers and sentence-transformers take from themselves */
const OWN_LIBRARIES =
  /^(diffusers|transformers|sentence_transformers|onnxruntime\.training|flax|null)?(\.|$)/;

/**
 * What a setting makes a library import, beyond what the library brings: an approver reads it; what
 * starts programs blocks.
 */
export function tellSetting(key: string, value: unknown, file: string, context: ScanContext): void {
  const { report } = context;
  const review = (why: string): void =>
    report.add('settings-remote-code', { file, symbol: key, why });
  if (JSONPICKLE.test(key))
    return report.add('settings-target', {
      file,
      symbol: key,
      why: 'jsonpickle imports and calls what this key names.',
    });
  if (key === 'custom_pipelines' || key === 'custom_pipeline')
    return review(
      `\`${key}\` makes the library import Python code that comes with the model or from elsewhere.`,
    );
  if (key === 'trust_remote_code' && value === true)
    return review(
      '`trust_remote_code` lets the library run Python code that comes with the model.',
    );
  if (NAMING.has(key)) tellTarget(key, value, file, context);
}

function tellTarget(key: string, value: unknown, file: string, { report }: ScanContext): void {
  const name = typeof value === 'string' ? value.trim() : null;
  if (name !== null && KNOWN.test(name) && (CLASS.test(name) || key === 'loader_module')) return;
  const plain = name !== null && DOTTED.test(name) && !OF_PYTHON.test(name);
  report.add(plain ? 'settings-remote-code' : 'settings-target', {
    file,
    symbol: `${key}: ${(name ?? '').slice(0, 80)}`,
    why: `Loaders that read this import and call ${name === null ? 'what is computed' : name.slice(0, 80)}.`,
  });
}

/**
 * `${name:…}` in the settings of hydra and OmegaConf calls a function that the loading program has
 * registered.
 */
const RESOLVER = /\$\{\s*([A-Za-z_][\w.]*)\s*:(?![-?+=])/g;
/** of OmegaConf, hydra and NeMo themselves: they look up, convert and calculate */
const PLAIN_RESOLVERS =
  /^(oc\.(select|decode|deprecated|create|dict\.(keys|values))|hydra|now|multiply|sum|add|div|int_div)$/;
const RUNNING_RESOLVERS =
  /^(.*\.)?(eval|exec|python|py|import|call|compile|shell|sh|cmd|os|system|subprocess|popen|open)$/i;

export function tellResolver(value: unknown, file: string, { report }: ScanContext): void {
  if (typeof value !== 'string' || !value.includes('${')) return;
  for (const [, name] of value.matchAll(RESOLVER)) {
    if (PLAIN_RESOLVERS.test(name!)) continue;
    const place = { file, symbol: `\${${name!.slice(0, 60)}:…}`, evidence: value.slice(0, 120) };
    if (RUNNING_RESOLVERS.test(name!))
      report.add('settings-target', {
        ...place,
        why: `The value is computed by ${name!.slice(0, 60)} when the settings are read: the text behind it is run.`,
      });
    else report.add('settings-resolver', place);
  }
}

/**
 * Which file holds which weights: a loader joins the name to the folder of the model, and takes it
 * for a pickle where it is called so.
 */
function tellFiles(weights: unknown, file: string, { report }: ScanContext): void {
  if (!(weights instanceof Map)) return;
  for (const name of new Set((weights as Map<string, unknown>).values())) {
    if (typeof name !== 'string' || !isPlainPath(name))
      report.add('settings-path', { file, symbol: String(name).slice(0, 80) });
  }
}

/** PEFT imports the library that its settings name, and takes the class from it. */
function tellParent(mapping: unknown, file: string, { report }: ScanContext): void {
  const library =
    mapping instanceof Map ? (mapping as Map<string, unknown>).get('parent_library') : undefined;
  if (
    typeof library !== 'string' ||
    /^(transformers|diffusers|sentence_transformers|torch\.nn|timm|peft)(\.|$)/.test(library)
  )
    return;
  report.add(OF_PYTHON.test(library) ? 'settings-target' : 'settings-remote-code', {
    file,
    symbol: `parent_library: ${library.slice(0, 80)}`,
    why: `Loading the adapter imports ${library.slice(0, 80)}, which is none of the libraries that models are made with.`,
  });
}

/**
 * `["module", "Class"]` in model_index.json, and the types in modules.json: taken from a file
 * beside it when no library is called so.
 */
export function tellIndex(root: unknown, file: string, context: ScanContext): void {
  for (const [key, library] of librariesIn(root, file))
    context.report.add('settings-remote-code', {
      file,
      symbol: `${key}: ${library.slice(0, 80)}`,
      why: `Loading the model imports the module ${library.slice(0, 80)}, which is none of the libraries that models are made with.`,
    });
  if (!(root instanceof Map)) return;
  const settings = root as Map<string, unknown>;
  if (/\.index\.json$/i.test(file)) tellFiles(settings.get('weight_map'), file, context);
  if (/(^|[!/])adapter_config\.json$/i.test(file))
    tellParent(settings.get('auto_mapping'), file, context);
}

/** The unknown libraries that an index takes types from, by their keys. */
function librariesIn(root: unknown, file: string): [string, string][] {
  let named: [string, unknown][] = [];
  if (/(^|[!/])model_index\.json$/i.test(file) && root instanceof Map)
    named = [...(root as Map<string, unknown>)].flatMap(([key, value]) =>
      Array.isArray(value) && value.length === 2 && value.some((part) => part !== null)
        ? [[key, value[0]]]
        : [],
    );
  if (/(^|[!/])modules\.json$/i.test(file) && Array.isArray(root))
    named = root.flatMap((one) => (one instanceof Map ? [['type', one.get('type')]] : []));
  return named.filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && !OWN_LIBRARIES.test(entry[1]),
  );
}
