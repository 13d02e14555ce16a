import { openMember } from '../containers/zip-member.ts';
import type { ZipMember } from '../containers/zip-headers.ts';
import type { ScanContext } from '../format.ts';
import type { StorageResolver } from '../pickle/host.ts';
import { latin1, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { scanPickle } from './pickle.ts';
import { SCRIPT_MEMBER, scanScriptMember } from './torch-script.ts';

/** Small members that torch.save writes beside the pickle, and what may be in them. */
const NOTES: Record<string, RegExp> = {
  version: /^[0-9]{1,3}\n?$/,
  byteorder: /^(little|big)$/,
  '.format_version': /^[0-9]{1,3}$/,
  '.storage_alignment': /^[0-9]{1,6}$/,
  '.data/serialization_id': /^[0-9]{1,64}$/,
};
const NOTE_MAX_BYTES = 64;

/** `archive/data.pkl` and friends: does the directory look like torch.save's? */
export function isTorchZip(members: ZipMember[]): boolean {
  return members.some((member) => /^[^/]+\/data\.pkl$/.test(member.name));
}

/**
 * The zip of torch.save (PyTorch 1.6 and later): one folder, data.pkl, the storages in data/, a few
 * notes. Every member has its place.
 */
export function scanTorchZip(
  zip: ByteSource,
  members: ZipMember[],
  file: string,
  context: ScanContext,
): void {
  const pickles = members.filter((member) => /^[^/]+\/data\.pkl$/.test(member.name));
  if (pickles.length !== 1)
    throw new Rejected('torch-layout', 'There are two data.pkl; loaders take different ones.');
  const prefix = pickles[0]!.name.slice(0, -'data.pkl'.length);
  const storages = new Map<string, ZipMember>();
  const isScript = members.some(({ name }) => name.startsWith(`${prefix}code/`));
  const names = new Set(members.map(({ name }) => name));
  const tellUnused = (keys: Iterable<string>, used: Set<string>, folder: string): void => {
    for (const key of keys)
      if (!used.has(key))
        context.report.add('torch-layout', {
          file: `${file}!${folder}${key}`,
          why: 'No tensor uses this storage; nobody knows what the bytes are.',
        });
  };
  /**
   * a pickle of its own with storages of its own: constants.pkl and constants/0, as data.pkl and
   * data/0
   */
  const pickled = (folder: string, source: ByteSource, inside: string): void => {
    const start = `${prefix}${folder}/`;
    const own = new Map(
      members
        .filter(({ name }) => name.startsWith(start) && /^[0-9]+$/.test(name.slice(start.length)))
        .map((member) => [member.name.slice(start.length), member]),
    );
    const used = new Set<string>();
    const end = scanPickle(
      source,
      0,
      inside,
      context,
      resolver(own, used, folder === 'traced_inputs'),
      undefined,
      isScript,
    );
    if (end !== source.size)
      throw new Rejected(
        'format-trailing-data',
        `${source.size - end} bytes follow the end of the pickle.`,
        end,
      );
    tellUnused(own.keys(), used, start);
  };
  for (const member of members) {
    const inside = `${file}!${member.name}`;
    const name = member.name.startsWith(prefix) ? member.name.slice(prefix.length) : null;
    if (name === 'data.pkl') continue;
    if (name !== null && /^data\/[0-9]+$/.test(name)) {
      if (member.method !== 0)
        context.report.add('torch-layout', {
          file: inside,
          why: 'A storage is compressed; PyTorch stores them as they are.',
        });
      storages.set(name.slice('data/'.length), member);
      // the bytes are numbers and may look like anything; what is checked is that they are the ones
      // that were packed
      openMember(zip, member, file, context);
    } else if (name !== null && NOTES[name] !== undefined) {
      const text =
        member.size <= NOTE_MAX_BYTES
          ? latin1(readAll(openMember(zip, member, file, context)))
          : '';
      if (!NOTES[name].test(text))
        context.report.add('torch-layout', {
          file: inside,
          why: 'The member does not hold what PyTorch writes there.',
          evidence: text,
        });
    } else if (
      name !== null &&
      isScript &&
      SCRIPT_MEMBER.test(name) &&
      (!/^\w+\/[0-9]+$/.test(name) || names.has(`${prefix}${name.split('/')[0]!}.pkl`))
    ) {
      context.report.guard(inside, () =>
        scanScriptMember(name, zip, member, file, context, pickled),
      );
    } else {
      context.report.add('torch-layout', { file: inside, why: 'PyTorch writes no such member.' });
      judge(zip, member, file, context);
    }
  }
  const referred = new Set<string>();
  const data = openMember(zip, pickles[0]!, file, context);
  const end = scanPickle(
    data,
    0,
    `${file}!${pickles[0]!.name}`,
    context,
    resolver(storages, referred),
    undefined,
    isScript,
  );
  if (end !== data.size)
    throw new Rejected(
      'format-trailing-data',
      `${data.size - end} bytes follow the end of data.pkl.`,
      pickles[0]!.dataOffset + end,
    );
  tellUnused(storages.keys(), referred, `${prefix}data/`);
}

/** `mayBeEmpty`: of what a program was traced with, PyTorch keeps the shapes alone. */
function resolver(
  storages: Map<string, ZipMember>,
  referred: Set<string>,
  mayBeEmpty = false,
): StorageResolver {
  return {
    parts: 5,
    refer(key, count, elementBytes) {
      const bytes = count * elementBytes;
      const member = storages.get(key);
      referred.add(key);
      if (member === undefined)
        return `The pickle refers to the storage ${JSON.stringify(key.slice(0, 40))}, which is not in the file.`;
      return member.size === bytes || (mayBeEmpty && member.size === 0)
        ? null
        : `Storage ${key} has ${member.size} bytes; the pickle says ${bytes}.`;
    },
  };
}

function judge(zip: ByteSource, member: ZipMember, file: string, context: ScanContext): void {
  if (member.size > 0)
    context.nested(openMember(zip, member, file, context), `${file}!${member.name}`);
}

const readAll = (source: ByteSource): Uint8Array => source.read(0, source.size);
