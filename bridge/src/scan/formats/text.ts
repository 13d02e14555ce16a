import type { Format, ScanContext } from '../format.ts';
import { checkLightgbm, isLightgbm } from './booster/lightgbm.ts';
import { checkXgboost, isXgboost } from './booster/xgboost.ts';
import { tellTemplate } from './gguf.ts';
import { lookIntoScript } from './scripts.ts';
import { tellIndex, tellSetting } from './settings-code.ts';
import { lookIntoYaml } from './yaml-side.ts';
import { judgeEmbeddedConfigs, tryJson } from '../keras/embedded.ts';
import { isKerasConfig, tellKerasConfig } from '../keras/judge.ts';
import { JsonNumber, parseStrictJson, type JsonValue } from '../json/strict.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

const JSON_EXTENSIONS = ['json'];
const TEXT_EXTENSIONS = [
  'py',
  'txt',
  'md',
  'rst',
  'yaml',
  'yml',
  'toml',
  'cfg',
  'ini',
  'conf',
  'csv',
  'tsv',
  'sh',
  'html',
  'css',
  'js',
  'j2',
  'jinja',
  'jinja2',
  'proto',
  'license',
  'tiktoken',
  'vocab',
];
/** the form of a SavedModel that people can read, which loaders take as well */
const SAVED_MODEL_TEXT = /(^|[!/])saved_model\.pbtxt$/i;
/** any file may be given to a server as its chat template */
const TEMPLATE_FILE = /chat[-_. ]?template[^!/]*\.(txt|md|html|conf|cfg)$/i;
const UNKNOWN = '{% unknown %}';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/**
 * control characters that text has no use for; tab, line feed, form feed and carriage return are
 * fine
 */
const CONTROL = /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f\u007f]/;

/** Side files: code and settings that people can read. A model cannot be text. */
export const text: Format = {
  id: 'text',
  title: 'a text file',
  extensions: TEXT_EXTENSIONS,
  sniff: (_source, head) => head.length > 0 && looksLikeText(head),
  scan: (source, file, context) => {
    const bytes = readText(source, context);
    if (/\.(jinja2?|j2)$/i.test(file))
      tellTemplate(utf8.decode(bytes), { file, key: 'template' }, context.report);
    const content = utf8.decode(bytes);
    if (TEMPLATE_FILE.test(file) && /\{[{%#]/.test(content))
      tellTemplate(content, { file, key: 'template' }, context.report);
    lookIntoScript(content, file, context);
    if (/\.ya?ml$/i.test(file)) lookIntoYaml(content, file, context);
    lookForKeras(tryJson(bytes, context.limits), file, context);
    if (isLightgbm(content)) {
      context.report.formats[file] = 'lightgbm';
      return checkLightgbm(content);
    }
    refuseAsModel(file, context);
  },
};

export const json: Format = {
  id: 'json',
  title: 'a JSON file',
  extensions: JSON_EXTENSIONS,
  // JSON is text; only its extension tells it apart, so it is never found by content
  sniff: () => false,
  scan: (source, file, context) => {
    const bytes = readText(source, context);
    const root = parseStrictJson(bytes, {
      maxDepth: context.limits.jsonDepth,
      maxEntries: context.limits.jsonEntries,
      invalid: 'json-invalid',
      duplicate: 'json-invalid',
      nonFinite: true,
    });
    if (isXgboost(root)) {
      context.report.formats[file] = 'xgboost';
      return checkXgboost(root);
    }
    lookForCode(root, file, context);
    tellIndex(root, file, context);
    if (isKerasConfig(root)) tellKerasConfig(root, { file, offset: 0, report: context.report });
    else lookForKeras(root, file, context);
    refuseAsModel(file, context);
  },
};

/** A description under another name than .json, or inside of other JSON. */
function lookForKeras(root: JsonValue, file: string, context: ScanContext): void {
  judgeEmbeddedConfigs(root, (rule, symbol, evidence, why) =>
    context.report.add(rule, { file, symbol, evidence, why }),
  );
}

function readText(source: ByteSource, context: ScanContext): Uint8Array {
  if (source.size > context.limits.textBytes)
    throw new Rejected('limit-exceeded', `A text file may have ${context.limits.textBytes} bytes.`);
  const bytes = Uint8Array.from(source.read(0, source.size));
  let decoded: string;
  try {
    decoded = utf8.decode(bytes);
  } catch {
    throw new Rejected('text-encoding', 'The file is not UTF-8.');
  }
  const control = CONTROL.exec(decoded);
  if (control !== null)
    throw new Rejected(
      'text-encoding',
      'The file holds control characters.',
      Buffer.byteLength(decoded.slice(0, control.index)),
    );
  return bytes;
}

function refuseAsModel(file: string, context: ScanContext): void {
  if (SAVED_MODEL_TEXT.test(file))
    return context.report.add('format-not-understood', {
      file,
      why: 'TensorFlow loads this text as a model; the scanner reads the binary form only (saved_model.pb).',
    });
  if (context.kind === 'model')
    context.report.add('format-not-understood', {
      file,
      why: 'The model file is text; the scanner reads no model format that is text.',
    });
}

/** Settings of the transformers library that make it run what came with the model. */
function lookForCode(value: JsonValue, file: string, context: ScanContext): void {
  if (Array.isArray(value)) for (const element of value) lookForCode(element, file, context);
  if (!(value instanceof Map)) return;
  for (const [key, inner] of value) {
    if (key === 'auto_map') context.report.add('json-remote-code', { file, symbol: key });
    tellSetting(key, inner, file, context);
    // tool_chat_template and whatever else servers look for
    if (/chat_template/i.test(key))
      for (const template of templatesOf(inner))
        tellTemplate(template, { file, key }, context.report);
    lookForCode(inner, file, context);
  }
}

/**
 * One template, a list of `{name, template}`, or a map of names to templates; what is neither is
 * judged as text that no template can be.
 */
function templatesOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (value === null) return [];
  if (Array.isArray(value))
    return value.map((one) =>
      one instanceof Map && typeof one.get('template') === 'string'
        ? (one.get('template') as string)
        : UNKNOWN,
    );
  if (value instanceof Map)
    return [...value.values()].map((one) => (typeof one === 'string' ? one : UNKNOWN));
  return typeof value === 'boolean' || value instanceof JsonNumber ? [] : [UNKNOWN];
}

/** Only looks at the beginning: what comes later is checked by the reading itself. */
function looksLikeText(head: Uint8Array): boolean {
  try {
    // a letter may be cut in two by the end of the head
    return !CONTROL.test(new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true }));
  } catch {
    return false;
  }
}
