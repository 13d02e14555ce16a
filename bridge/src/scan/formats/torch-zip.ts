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

interface TorchArchive {
  readonly zip: ByteSource;
  readonly members: readonly ZipMember[];
  readonly file: string;
  readonly context: ScanContext;
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
  new TorchZip({ zip, members, file, context }, pickles[0]!).scan();
}

class TorchZip {
  private readonly archive: TorchArchive;
  private readonly data: ZipMember;
  /** the folder that everything lies in */
  private readonly prefix: string;
  private readonly isScript: boolean;
  private readonly names: ReadonlySet<string>;
  private readonly storages = new Map<string, ZipMember>();

  constructor(archive: TorchArchive, data: ZipMember) {
    this.archive = archive;
    this.data = data;
    this.prefix = data.name.slice(0, -'data.pkl'.length);
    this.names = new Set(archive.members.map(({ name }) => name));
    this.isScript = archive.members.some(({ name }) => name.startsWith(`${this.prefix}code/`));
  }

  scan(): void {
    for (const member of this.archive.members) if (member !== this.data) this.judgeMember(member);
    this.judgeData();
  }

  private judgeMember(member: ZipMember): void {
    const { context } = this.archive;
    const inside = this.pathOf(member);
    const name = member.name.startsWith(this.prefix) ? member.name.slice(this.prefix.length) : null;
    if (name === null) return this.refuse(member);
    if (/^data\/[0-9]+$/.test(name)) return this.keepStorage(member, name.slice('data/'.length));
    const note = NOTES[name];
    if (note !== undefined) return this.judgeNote(member, note);
    if (!this.isOfScript(name)) return this.refuse(member);
    context.report.guard(inside, () =>
      scanScriptMember({ name, inside, source: this.open(member) }, context, (...pickle) =>
        this.judgeScriptPickle(...pickle),
      ),
    );
  }

  private isOfScript(name: string): boolean {
    return (
      this.isScript &&
      SCRIPT_MEMBER.test(name) &&
      (!/^\w+\/[0-9]+$/.test(name) || this.names.has(`${this.prefix}${name.split('/')[0]!}.pkl`))
    );
  }

  /**
   * The bytes are numbers and may look like anything; what is checked is that they are the ones
   * that were packed.
   */
  private keepStorage(member: ZipMember, key: string): void {
    if (member.method !== 0)
      this.tell(member, 'A storage is compressed; PyTorch stores them as they are.');
    this.storages.set(key, member);
    this.open(member);
  }

  private judgeNote(member: ZipMember, form: RegExp): void {
    const text = member.size <= NOTE_MAX_BYTES ? latin1(readAll(this.open(member))) : '';
    if (!form.test(text))
      this.tell(member, 'The member does not hold what PyTorch writes there.', text);
  }

  private refuse(member: ZipMember): void {
    this.tell(member, 'PyTorch writes no such member.');
    if (member.size > 0) this.archive.context.nested(this.open(member), this.pathOf(member));
  }

  /**
   * A pickle of its own with storages of its own: constants.pkl and constants/0, as data.pkl and
   * data/0.
   */
  private judgeScriptPickle(folder: string, source: ByteSource, inside: string): void {
    const start = `${this.prefix}${folder}/`;
    const own = new Map(
      this.archive.members
        .filter(({ name }) => name.startsWith(start) && /^[0-9]+$/.test(name.slice(start.length)))
        .map((member) => [member.name.slice(start.length), member]),
    );
    const used = new Set<string>();
    const end = scanPickle(source, inside, this.archive.context, {
      storages: resolver(own, used, folder === 'traced_inputs'),
      script: this.isScript,
    });
    if (end !== source.size)
      throw new Rejected(
        'format-trailing-data',
        `${source.size - end} bytes follow the end of the pickle.`,
        end,
      );
    this.tellUnused(own.keys(), used, start);
  }

  private judgeData(): void {
    const used = new Set<string>();
    const source = this.open(this.data);
    const end = scanPickle(source, this.pathOf(this.data), this.archive.context, {
      storages: resolver(this.storages, used),
      script: this.isScript,
    });
    if (end !== source.size)
      throw new Rejected(
        'format-trailing-data',
        `${source.size - end} bytes follow the end of data.pkl.`,
        this.data.dataOffset + end,
      );
    this.tellUnused(this.storages.keys(), used, `${this.prefix}data/`);
  }

  private tellUnused(keys: Iterable<string>, used: ReadonlySet<string>, folder: string): void {
    const { file, context } = this.archive;
    for (const key of keys)
      if (!used.has(key))
        context.report.add('torch-layout', {
          file: `${file}!${folder}${key}`,
          why: 'No tensor uses this storage; nobody knows what the bytes are.',
        });
  }

  private tell(member: ZipMember, why: string, evidence?: string): void {
    this.archive.context.report.add('torch-layout', { file: this.pathOf(member), why, evidence });
  }

  private open(member: ZipMember): ByteSource {
    const { zip, file, context } = this.archive;
    return openMember(zip, member, file, context);
  }

  private pathOf(member: ZipMember): string {
    return `${this.archive.file}!${member.name}`;
  }
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

const readAll = (source: ByteSource): Uint8Array => source.read(0, source.size);
