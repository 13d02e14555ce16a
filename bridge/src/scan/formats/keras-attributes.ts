import type { ScanContext } from '../format.ts';
import type { Attribute } from '../hdf5/attribute.ts';
import { judgeEmbeddedConfigs, tryJson } from '../keras/embedded.ts';
import { isKerasConfig, judgeKerasJson, tellKerasConfig } from '../keras/judge.ts';
import { actsAsPickle, isPickle, judgePickle, trimmed } from './hdf5-data.ts';

/** JSON that Keras builds a model, or its training, from. */
const MODEL = 'model_config';
const CONFIGS = new Set([MODEL, 'training_config']);
const KERAS_MARK = /^(model_config|keras_version|layer_names[0-9]*)$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const marksKeras = (attribute: Attribute): boolean => KERAS_MARK.test(attribute.name);

/**
 * What an attribute says, wherever it stands: descriptions are judged, notes pass, and what other
 * libraries would unpickle is refused.
 */
export function judgeAttribute(
  path: string,
  attribute: Attribute,
  file: string,
  context: ScanContext,
): void {
  const { name, at, type, texts } = attribute;
  const symbol = `${path}@${name}`;
  if (type.kind === 'other' || type.kind === 'opaque')
    return context.report.add('hdf5-datatype', {
      file,
      offset: at,
      symbol,
      why: `The attribute holds ${type.kind === 'other' ? type.what : 'opaque bytes'}, which Keras never writes.`,
    });
  if (CONFIGS.has(name)) {
    if (texts?.length !== 1)
      return context.report.add('keras-config', {
        file,
        offset: at,
        symbol,
        why: 'The description of the model is not one text.',
      });
    const bytes = trimmed(texts[0]!);
    context.report.guard(file, () => {
      const root = judgeKerasJson(bytes, {
        file,
        offset: at,
        report: context.report,
        limits: context.limits,
      });
      if (!(root instanceof Map) || (name === MODEL && !isKerasConfig(root)))
        context.report.add('keras-config', {
          file,
          offset: at,
          symbol,
          why: 'The description names no model.',
        });
    });
    return;
  }
  if (type.size === 1 && actsAsPickle(attribute.data.bytes, file, context))
    return judgePickle(attribute.data.bytes, `${file}!${symbol}`, context);
  for (const text of texts ?? []) judgeText(trimmed(text), { symbol, at }, file, context);
}

interface AttributePlace {
  readonly symbol: string;
  readonly at: number;
}

/**
 * Texts of a name that nobody knows: notes of people, or something that a loader of theirs takes as
 * code.
 */
function judgeText(
  bytes: Uint8Array,
  { symbol, at }: AttributePlace,
  file: string,
  context: ScanContext,
): void {
  if (isPickle(bytes, file, context) || actsAsPickle(bytes, file, context))
    return judgePickle(bytes, `${file}!${symbol}`, context);
  if (!isText(bytes)) return context.report.add('hdf5-foreign', { file, offset: at, symbol });
  const root = tryJson(bytes, context.limits);
  if (isKerasConfig(root)) tellKerasConfig(root, { file, offset: at, report: context.report });
  else
    judgeEmbeddedConfigs(root, (rule, name, evidence, why) =>
      context.report.add(rule, {
        file,
        offset: at,
        symbol: name,
        evidence: `${symbol}: ${evidence}`,
        why,
      }),
    );
}

function isText(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
