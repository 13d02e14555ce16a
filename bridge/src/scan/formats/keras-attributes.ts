import type { ScanContext } from '../format.ts';
import type { Attribute } from '../hdf5/attribute.ts';
import { parseStrictJson, type JsonValue } from '../json/strict.ts';
import { isKerasConfig, judgeKerasJson } from '../keras/judge.ts';
import { Rejected, Report } from '../report.ts';
import { BufferSource } from '../source.ts';
import { pickle } from './pickle.ts';

/** JSON that Keras builds a model, or its training, from. */
const CONFIGS = new Set(['model_config', 'training_config']);
const KERAS_MARK = /^(model_config|keras_version|layer_names[0-9]*)$/;
/** PyTables, and pandas through it, writes `.` at the end of what it unpickles */
const DOT = 0x2e;
const PSEUDOATOM = 'PSEUDOATOM';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const marksKeras = (attribute: Attribute): boolean => KERAS_MARK.test(attribute.name);

/** What an attribute says, wherever it stands: descriptions are judged, notes pass, and what other libraries would unpickle is refused. */
export function judgeAttribute(path: string, attribute: Attribute, file: string, context: ScanContext): void {
  const { name, at, type, texts } = attribute;
  const symbol = `${path}@${name}`;
  if (type.kind === 'other' || type.kind === 'opaque') return context.report.add('hdf5-datatype', { file, offset: at, symbol, why: `The attribute holds ${type.kind === 'other' ? type.what : 'opaque bytes'}, which Keras never writes.` });
  if (CONFIGS.has(name)) {
    if (texts?.length !== 1) return context.report.add('keras-config', { file, offset: at, symbol, why: 'The description of the model is not one text.' });
    const bytes = trimmed(texts[0]!);
    context.report.guard(file, () => void judgeKerasJson(bytes, { file, offset: at, report: context.report, limits: context.limits }));
    return;
  }
  for (const text of texts ?? []) judgeText(trimmed(text), symbol, at, file, context);
}

/** Texts of a name that nobody knows: notes of people, or something that a loader of theirs takes as code. */
function judgeText(bytes: Uint8Array, symbol: string, at: number, file: string, context: ScanContext): void {
  if (isPickle(bytes, file, context)) return judgePickle(bytes, `${file}!${symbol}`, context);
  if (!isText(bytes)) return context.report.add('hdf5-foreign', { file, offset: at, symbol });
  if (bytes[0] === 0x7b && isKerasConfig(tryJson(bytes, context))) judgeKerasJson(bytes, { file, offset: at, report: context.report, limits: context.limits });
}

/** A list of bytes that lies apart from its array: PyTables keeps objects so, and unpickles them. */
export function judgeElement(path: string, bytes: Uint8Array, attributes: readonly Attribute[], file: string, context: ScanContext): void {
  const isObject = attributes.some(({ name, texts }) => name === PSEUDOATOM && texts?.some((text) => text.includes('object')) === true);
  if (isObject || isPickle(bytes, file, context)) judgePickle(bytes, `${file}!${path}`, context);
}

function judgePickle(bytes: Uint8Array, inside: string, context: ScanContext): void {
  context.report.formats[inside] = pickle.id;
  context.report.guard(inside, () => pickle.scan(new BufferSource(bytes), inside, context));
}

function tryJson(bytes: Uint8Array, context: ScanContext): JsonValue {
  try {
    return parseStrictJson(bytes, { maxDepth: context.limits.jsonDepth, maxEntries: context.limits.jsonEntries, invalid: 'json-invalid', duplicate: 'json-invalid' });
  } catch (error) {
    if (error instanceof Rejected) return null;
    throw error;
  }
}

/** Texts of a fixed size are filled up with zeros. */
function trimmed(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && text[end - 1] === 0) end--;
  return text.subarray(0, end);
}

function isText(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Would unpickling these bytes come to its end, or do something before it fails? */
function isPickle(bytes: Uint8Array, file: string, context: ScanContext): boolean {
  if (bytes.at(-1) !== DOT) return false;
  const report = new Report(context.limits);
  try {
    pickle.scan(new BufferSource(bytes), file, { ...context, report, nested: () => undefined });
    return true;
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return report.findings.length > 0 || error.rule === 'format-trailing-data';
  }
}
