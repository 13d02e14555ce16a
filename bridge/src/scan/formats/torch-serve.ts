import type { ScanContext } from '../format.ts';
import { parseStrictJson, type JsonValue } from '../json/strict.ts';
import { Rejected } from '../report.ts';
import { isCode, scanCollection, type Member } from './collection.ts';

const MANIFEST = 'MAR-INF/MANIFEST.json';
const MANIFEST_MAX_BYTES = 64 * 1024;
/** handlers that are part of TorchServe */
const BUILT_IN = new Set([
  'image_classifier',
  'image_segmenter',
  'object_detector',
  'text_classifier',
]);

/** A .mar file is a zip with this manifest. */
export const isTorchServe = (names: readonly string[]): boolean => names.includes(MANIFEST);

/**
 * TorchServe imports the handler and the model file, and installs the requirements, before the
 * first request.
 */
export function scanTorchServe(members: Member[], file: string, context: ScanContext): void {
  const { report } = context;
  const manifest = members.find(({ name }) => name === MANIFEST)!;
  const path = `${file}!${MANIFEST}`;
  report.guard(path, () => judgeManifest(read(manifest, context), members, path, context));
  for (const { name } of members)
    if (isCode(name)) report.add('mar-code', { file: `${file}!${name}`, symbol: name });
  scanCollection(members, file, context);
}

function read(manifest: Member, context: ScanContext): JsonValue {
  if (manifest.size > MANIFEST_MAX_BYTES)
    throw new Rejected('mar-manifest', `The manifest has more than ${MANIFEST_MAX_BYTES} bytes.`);
  const source = manifest.open();
  return parseStrictJson(source.read(0, source.size), {
    maxDepth: context.limits.jsonDepth,
    maxEntries: context.limits.jsonEntries,
    invalid: 'mar-manifest',
    duplicate: 'mar-manifest',
  });
}

function judgeManifest(
  root: JsonValue,
  members: Member[],
  file: string,
  context: ScanContext,
): void {
  const model = root instanceof Map ? root.get('model') : undefined;
  if (!(model instanceof Map))
    throw new Rejected('mar-manifest', 'The manifest describes no model.');
  const text = (key: string): string | null => {
    const value = model.get(key);
    if (value === undefined || value === null) return null;
    return typeof value === 'string' ? value : refuse(`${key} is no text.`);
  };
  const weights = text('serializedFile');
  if (weights !== null && !members.some(({ name }) => name === weights))
    refuse(
      `It names the model file ${JSON.stringify(weights.slice(0, 80))}, which is not in the archive.`,
    );
  const settings = text('configFile');
  if (settings !== null && !members.some(({ name }) => name === settings))
    refuse(
      `It names the settings ${JSON.stringify(settings.slice(0, 80))}, which are not in the archive.`,
    );
  const handler = text('handler') ?? '';
  if (!BUILT_IN.has(handler))
    context.report.add('mar-code', {
      file,
      symbol: handler,
      why: `TorchServe imports and runs the handler ${handler.slice(0, 120)} when it loads the model.`,
    });
  for (const key of ['modelFile', 'requirementsFile', 'requirements']) {
    const value = model.get(key);
    if (value !== undefined && value !== null)
      context.report.add('mar-code', {
        file,
        symbol: key,
        why: `The manifest has ${key}: TorchServe runs the code, or installs the packages, that it names.`,
      });
  }
}

function refuse(why: string): never {
  throw new Rejected('mar-manifest', why);
}
