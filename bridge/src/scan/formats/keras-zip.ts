import type { ZipMember } from '../containers/zip-headers.ts';
import { openMember } from '../containers/zip-member.ts';
import type { ScanContext } from '../format.ts';
import { judgeKerasJson, isKerasConfig } from '../keras/judge.ts';
import { parseStrictJson } from '../json/strict.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const WEIGHTS = 'model.weights.h5';
const ASSETS = 'assets/';
const METADATA_MAX_BYTES = 4096;
const METADATA_KEYS = new Set(['keras_version', 'date_saved']);

/** Does the directory look like that of `model.save("….keras")`? */
export function isKerasZip(members: ZipMember[]): boolean {
  const names = new Set(members.map(({ name }) => name));
  return names.has(CONFIG) && (names.has(METADATA) || names.has(WEIGHTS));
}

/**
 * The zip of Keras 3, and of Keras 2.12 and later: a description, a note, weights, vocabularies;
 * nothing else.
 */
export function scanKerasZip(
  zip: ByteSource,
  members: ZipMember[],
  file: string,
  context: ScanContext,
): void {
  const { report } = context;
  for (const name of [CONFIG, METADATA, WEIGHTS])
    if (!members.some((member) => member.name === name))
      report.add('keras-layout', {
        file,
        symbol: name,
        why: `There is no ${name} in the archive.`,
      });
  for (const member of members) {
    const inside = `${file}!${member.name}`;
    report.guard(inside, () => {
      if (member.name === CONFIG)
        scanConfig(openMember(zip, member, file, context), inside, context);
      else if (member.name === METADATA)
        scanMetadata(openMember(zip, member, file, context), inside, context);
      else scanContent(zip, member, file, context);
    });
  }
}

/** Weights, and lists of words that layers look things up in. */
function scanContent(zip: ByteSource, member: ZipMember, file: string, context: ScanContext): void {
  const { report } = context;
  const inside = `${file}!${member.name}`;
  const wrong = (why: string): void => report.add('keras-layout', { file: inside, why });
  const isAsset = member.name.startsWith(ASSETS);
  if (!isAsset && member.name !== WEIGHTS) wrong('Keras writes no such member.');
  if (member.name.endsWith('/') || (isAsset && member.size === 0)) return;
  context.nested(openMember(zip, member, file, context), inside, {
    name: '',
    siblings: new Map(),
    claims: context.claims,
    later: undefined,
    kind: isAsset ? 'side' : 'model',
  });
  const fault = contentFault(member.name, report.formats[inside] ?? 'unreadable');
  if (fault !== null) wrong(fault);
}

function contentFault(name: string, found: string): string | null {
  if (name === WEIGHTS && found !== 'hdf5' && found !== 'keras-h5')
    return `The weights are ${found}, not HDF5.`;
  return name.startsWith(ASSETS) && found !== 'text'
    ? `The asset is ${found}, not a list of words.`
    : null;
}

function scanConfig(source: ByteSource, file: string, context: ScanContext): void {
  if (source.size > context.limits.jsonBytes)
    throw new Rejected(
      'limit-exceeded',
      `The description has more than ${context.limits.jsonBytes} bytes.`,
    );
  context.report.formats[file] = 'keras-config';
  const root = judgeKerasJson(Uint8Array.from(source.read(0, source.size)), {
    file,
    offset: 0,
    report: context.report,
    limits: context.limits,
  });
  if (!isKerasConfig(root))
    throw new Rejected('keras-config', 'The description names no model.', 0);
}

/** Says by whom and when; nothing else reads it. */
function scanMetadata(source: ByteSource, file: string, context: ScanContext): void {
  context.report.formats[file] = 'keras-metadata';
  if (source.size > METADATA_MAX_BYTES)
    throw new Rejected('keras-layout', 'The note of the version is longer than Keras writes it.');
  const root = parseStrictJson(Uint8Array.from(source.read(0, source.size)), {
    maxDepth: 2,
    maxEntries: 16,
    invalid: 'keras-config',
    duplicate: 'keras-duplicate-key',
  });
  if (
    !(root instanceof Map) ||
    [...root].some(([key, value]) => !METADATA_KEYS.has(key) || typeof value !== 'string')
  )
    throw new Rejected(
      'keras-layout',
      'The note of the version says something else than version and date.',
      0,
    );
}
