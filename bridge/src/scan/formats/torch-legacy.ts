import type { Format, ScanContext } from '../format.ts';
import type { StorageResolver } from '../pickle/host.ts';
import { OP } from '../pickle/opcodes.ts';
import type { StorageEntry } from '../pickle/tensors.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { scanPickle } from './pickle.ts';
import { readTextList } from './text-list-pickle.ts';
import { isTorchLegacy, magicEnd, versionEnd } from './torch-legacy-mark.ts';

const HEADER_MAX_BYTES = 32;
const SIZE_BYTES = 8;
/** what the pickle of a storage alone ends with */
const STORAGE_END = [OP.BINPERSID, OP.STOP];

/**
 * What torch.save wrote before 1.6, and writes with `_use_new_zipfile_serialization=False` and into
 * pickles of storages: five pickles one behind the other (magic number, version, system, the model,
 * the keys of its storages), then each storage: its number of elements and its bytes.
 */
export const torchLegacy: Format = {
  id: 'torch-legacy',
  title: 'a PyTorch file of the older form',
  extensions: [],
  sniff: (_source, head) => isTorchLegacy(head),
  scan: scanTorchLegacy,
};

function scanTorchLegacy(source: ByteSource, file: string, context: ScanContext): void {
  let at = magicEnd(head(source, 0)) ?? 0;
  const version = versionEnd(head(source, at));
  if (version === null)
    throw new Rejected(
      'torch-layout',
      'The magic number is not followed by version 1001 of the format.',
      at,
    );
  at = scanPickle(source, file, context, { start: at + version });
  const storages = new Storages();
  at = scanPickle(source, file, context, { start: at, storages });
  const alone = storages.alone(source.read(at - STORAGE_END.length, STORAGE_END.length));
  const listStart = at;
  at = scanPickle(source, file, context, { start: at });
  const keys = readTextList(source, listStart, context.limits.members);
  storages.mustBe(keys, listStart);
  for (const key of keys) at = storages.pass(source, key, at);
  if (at !== source.size)
    throw new Rejected(
      'format-trailing-data',
      `${source.size - at} bytes follow the last storage; another reader could take them for something else.`,
      at,
    );
  if (alone !== null) context.storages.set(file, alone);
}

/** The storages that the model's pickle refers to, held against those that follow. */
class Storages implements StorageResolver {
  readonly parts = 6;
  private readonly sizes = new Map<string, StorageEntry>();

  refer(key: string, count: number, elementBytes: number): string | null {
    if (!/^[0-9]{1,20}$/.test(key))
      return `A storage is called ${JSON.stringify(key.slice(0, 40))}; PyTorch numbers them.`;
    this.sizes.set(key, { count, elementBytes });
    return null;
  }

  /** The storage, when the pickle, which ends so, is nothing else. */
  alone(end: Uint8Array): StorageEntry | null {
    const [first] = this.sizes.values();
    return first !== undefined &&
      this.sizes.size === 1 &&
      STORAGE_END.every((byte, i) => end[i] === byte)
      ? first
      : null;
  }

  mustBe(keys: string[], at: number): void {
    const listed = new Set(keys);
    if (listed.size !== keys.length)
      throw new Rejected('torch-storage', 'A storage is listed twice.', at);
    const stray =
      keys.find((key) => !this.sizes.has(key)) ??
      [...this.sizes.keys()].find((key) => !listed.has(key));
    if (stray !== undefined)
      throw new Rejected(
        'torch-storage',
        `The storage ${JSON.stringify(stray.slice(0, 40))} is not both used by the pickle and listed behind it.`,
        at,
      );
  }

  /** Answers where the next storage begins. */
  pass(source: ByteSource, key: string, at: number): number {
    const { count, elementBytes } = this.sizes.get(key)!;
    const end = at + SIZE_BYTES + count * elementBytes;
    if (end > source.size)
      throw new Rejected(
        'torch-storage',
        `Storage ${key} should have ${count} elements of ${elementBytes} bytes; the file ends before.`,
        at,
      );
    const stated = Buffer.from(source.read(at, SIZE_BYTES)).readBigInt64LE(0);
    if (stated !== BigInt(count))
      throw new Rejected(
        'torch-storage',
        `Storage ${key} says that it has ${stated} elements; the pickle says ${count}.`,
        at,
      );
    return end;
  }
}

const head = (source: ByteSource, at: number): Uint8Array =>
  Uint8Array.from(source.read(at, Math.min(HEADER_MAX_BYTES, source.size - at)));
