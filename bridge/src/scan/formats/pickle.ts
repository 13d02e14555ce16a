import { claimedName } from '../containers/compressed/names.ts';
import type { Format, ScanContext } from '../format.ts';
import { allowList } from '../pickle/allowlist.ts';
import type { PickleHost, StorageResolver } from '../pickle/host.ts';
import { PickleMachine } from '../pickle/machine.ts';
import { OP_NAMES } from '../pickle/opcodes.ts';
import { Rejected } from '../report.ts';
import { SliceSource, type ByteSource } from '../source.ts';
import { isTorchLegacy } from './torch-legacy-mark.ts';

const PROTO = 0x80;

/** https://docs.python.org/3/library/pickle.html; the machine is in pickle/. Protocols 0 and 1 have no mark and are found by trying. */
export const pickle: Format = {
  id: 'pickle',
  title: 'a pickle',
  extensions: ['pkl', 'pickle', 'p', 'joblib', 'sav', 'model'],
  sniff: (_source, head) => head.length >= 2 && head[0] === PROTO && head[1]! >= 2 && head[1]! <= 5 && (head.length === 2 || OP_NAMES.has(head[2]!)) && !isTorchLegacy(head),
  scan: (source, file, context) => {
    const end = scanPickle(source, 0, file, context, null);
    if (end !== source.size) {
      throw new Rejected('format-trailing-data', `${source.size - end} bytes follow the end of the pickle; another reader could take them for something else.`, end);
    }
  },
};

/** Judges the pickle that begins at `start`; answers where it ends. */
export function scanPickle(source: ByteSource, start: number, file: string, context: ScanContext, storages: StorageResolver | null): number {
  const host: PickleHost = {
    file,
    report: context.report,
    limits: context.limits,
    storages,
    inlineArrays: claimedName(file).endsWith('.joblib'),
    nested: (at, length) => {
      const inside = `${file}!bytes@${at}`;
      context.nested(new SliceSource(source, at, length), inside);
      return context.storages.get(inside) ?? null;
    },
  };
  return new PickleMachine(source, start, host, allowList()).run();
}
