import { claimedName, unpackedByLoader } from './containers/compressed/names.ts';
import { HEAD_BYTES, type Format, type ScanContext } from './format.ts';
import { BY_NAME, BY_SIGHT } from './formats/by-sight.ts';
import { xgboostUbj } from './formats/booster.ts';
import { checkpoint } from './formats/checkpoint.ts';
import { COMPRESSED } from './formats/compressed.ts';
import { scanClaimed } from './formats/claimed.ts';
import { gguf } from './formats/gguf.ts';
import { kerasH5 } from './formats/keras-h5.ts';
import { npy } from './formats/npy.ts';
import { onnx } from './formats/onnx.ts';
import { pickle, scanPickle } from './formats/pickle.ts';
import { safetensors } from './formats/safetensors.ts';
import { savedModel } from './formats/saved-model.ts';
import { sentencepiece } from './formats/sentencepiece.ts';
import { json, text } from './formats/text.ts';
import { tar } from './formats/tar.ts';
import { tflite } from './formats/tflite.ts';
import { torchLegacy } from './formats/torch-legacy.ts';
import { zip } from './formats/zip.ts';
import { Rejected, Report, hex } from './report.ts';
import type { ByteSource } from './source.ts';

/** Examples of PyTorch called checkpoints so, and none of them is a tar. */
const TORCH_TAR = /\.(pt|pth|ckpt)\.tar$/;

/** Every format the scanner has heard of. A new one is one file and one word here. */
const FORMATS: readonly Format[] = [
  safetensors,
  pickle,
  torchLegacy,
  zip,
  tar,
  npy,
  gguf,
  kerasH5,
  onnx,
  tflite,
  savedModel,
  checkpoint,
  sentencepiece,
  xgboostUbj,
  ...COMPRESSED,
  ...BY_SIGHT,
  text,
  json,
  ...BY_NAME,
];

/**
 * Longer text is not tried as a pickle of protocol 0 without a claim; nothing honest that is both
 * exists.
 */
const PROBE_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Decides by content what a file is, holds that against what its name claims, and has it read. Two
 * readings, none, or one that the name denies block; whatever could be read is read all the same,
 * so that the findings tell what is in there.
 */
export function scanByContent(source: ByteSource, file: string, context: ScanContext): void {
  const { report } = context;
  if (source.size === 0) {
    // empty __init__.py and the like are honest; an empty model is not
    if (context.kind === 'model') report.add('format-empty', { file });
    report.formats[file] = 'empty';
    return;
  }
  const head = Uint8Array.from(source.read(0, Math.min(HEAD_BYTES, source.size)));
  const claimed = claims(file);
  const found = FORMATS.filter((format) => format.sniff(source, head));
  // a mark of two bytes turns up in raw numbers
  if (found.every(({ weak }) => weak === true)) {
    if (context.later !== undefined) return context.later();
    const says = context.claims.on(context.name);
    if (says.length > 0) {
      context.claims.settle(context.name);
      return scanClaimed(source, file, says, context);
    }
  }
  const asPickle = (): PickleTrial => tryAsPickle(source, file, context);
  const candidates = found.length > 0 ? refine(found, claimed, source.size, asPickle) : claimed;
  if (candidates.length === 0) {
    report.formats[file] = 'unknown';
    report.add('format-not-understood', { file, offset: 0, evidence: hex(head) });
    return;
  }
  if (candidates.length > 1)
    report.add('format-ambiguous', {
      file,
      why: `The file can be read as ${candidates.map(({ title }) => title).join(' and as ')}.`,
    });
  report.formats[file] = candidates.map(({ id }) => id).join('+');
  for (const format of candidates) report.guard(file, () => format.scan(source, file, context));
  if (
    claimed.length > 0 &&
    !claimed.some((format) => candidates.includes(format) || covers(format, candidates, file))
  ) {
    report.add('format-extension-mismatch', {
      file,
      why: `The name says ${claimed.map(({ title }) => title).join(' or ')}; the content is ${candidates.map(({ title }) => title).join(' and ')}.`,
    });
  }
}

/** What the extension of the innermost name claims; empty when it claims nothing. */
function claims(file: string): Format[] {
  const name = claimedName(file);
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot + 1);
  return extension === '' ? [] : FORMATS.filter(({ extensions }) => extensions.includes(extension));
}

/**
 * Some marks are two bytes and turn up by chance; text is the weakest reading of all. A pickle of
 * protocol 0 or 1, and JSON, are text too: with the claim of a pickle, text is read as one;
 * without, it is tried as one, and text that a pickle loader would accept is both.
 */
function refine(
  found: Format[],
  claimed: Format[],
  bytes: number,
  asPickle: () => PickleTrial,
): Format[] {
  const strong = found.filter((format) => format !== text && format.weak !== true);
  if (strong.includes(safetensors) && strong.includes(pickle) && asPickle() === 'rejected')
    strong.splice(strong.indexOf(pickle), 1);
  // what goes along with such a model is a zip behind it, which the model's own reading accounts
  // for
  if (strong.includes(tflite) && strong.includes(zip)) strong.splice(strong.indexOf(zip), 1);
  if (strong.length > 0) return strong;
  const weak = found.filter((format) => format !== text);
  if (weak.length > 0) return weak;
  if (claimed.includes(pickle)) return [pickle];
  const reading = claimed.includes(json) ? json : text;
  return bytes <= PROBE_MAX_BYTES && ['accepted', 'calls'].includes(asPickle())
    ? [reading, pickle]
    : [reading];
}

/**
 * What a pickle loader would do with some bytes: run to the end, call or import something and fail,
 * or fail before it does anything.
 */
type PickleTrial = 'accepted' | 'calls' | 'acts' | 'rejected';

function tryAsPickle(source: ByteSource, file: string, context: ScanContext): PickleTrial {
  const report = new Report(context.limits);
  try {
    scanPickle(source, file, { ...context, report, nested: () => undefined });
    return 'accepted';
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    // text that begins with a c names something by chance; it does not call it
    if (report.findings.some(({ rule }) => rule.startsWith('pickle-call'))) return 'calls';
    return report.findings.length > 0 ? 'acts' : 'rejected';
  }
}

/** What the name claims, and what loaders take under it all the same. */
const TAKEN_FOR: readonly (readonly [Format, Format])[] = [
  [zip, pickle],
  [pickle, zip],
  [zip, torchLegacy],
  [pickle, torchLegacy],
];

/**
 * .pt, .pth, .ckpt and .bin are written as zip and, by other savers, as pickles; .model is what
 * many call theirs; some loaders unpack by themselves. PyTorch goes by the content, so people call
 * its files .pkl and .pth.tar too: of a zip a plain pickle loader takes the first byte and fails.
 */
function covers(claimed: Format, candidates: readonly Format[], file: string): boolean {
  if (candidates.includes(sentencepiece) && claimedName(file).endsWith('.model')) return true;
  if (TAKEN_FOR.some(([name, content]) => claimed === name && candidates.includes(content)))
    return true;
  if (
    claimed === tar &&
    TORCH_TAR.test(claimedName(file)) &&
    candidates.every((format) => format === zip || format === torchLegacy)
  )
    return true;
  return (
    unpackedByLoader(claimedName(file)) && candidates.every((format) => COMPRESSED.includes(format))
  );
}
