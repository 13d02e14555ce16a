import { onlyForJoblib } from '../containers/compressed/names.ts';
import { checkPickledBooster } from './booster/pickled.ts';
import type { Format, ScanContext } from '../format.ts';
import { allowList } from '../pickle/allowlist.ts';
import type { InlineArrays, PickleHost, StorageResolver } from '../pickle/host.ts';
import { PickleMachine } from '../pickle/machine.ts';
import { OP_NAMES } from '../pickle/opcodes.ts';
import { Rejected, Report } from '../report.ts';
import { SliceSource, type ByteSource } from '../source.ts';
import { isTorchLegacy } from './torch-legacy-mark.ts';

const PROTO = 0x80;

/**
 * https://docs.python.org/3/library/pickle.html; the machine is in pickle/. Protocols 0 and 1 have
 * no mark and are found by trying.
 */
export const pickle: Format = {
  id: 'pickle',
  title: 'a pickle',
  extensions: ['pkl', 'pickle', 'p', 'joblib', 'sav', 'model'],
  sniff: (_source, head) =>
    head.length >= 2 &&
    head[0] === PROTO &&
    head[1]! >= 2 &&
    head[1]! <= 5 &&
    (head.length === 2 || OP_NAMES.has(head[2]!)) &&
    !isTorchLegacy(head),
  scan: (source, file, context) => {
    const inlineArrays: InlineArrays = { mode: 'skip' };
    const end = scanPickle(source, file, context, { inlineArrays });
    if (inlineArrays.firstAt !== undefined && !onlyForJoblib(file))
      checkPlainReading(source, file, context, inlineArrays.firstAt);
    if (end !== source.size) {
      throw new Rejected(
        'format-trailing-data',
        `${source.size - end} bytes follow the end of the pickle; another reader could take them for something else.`,
        end,
      );
    }
  },
};

/** What is known of a pickle beforehand; of one that is a file of its own, nothing. */
export interface PickleSetting {
  /** where it begins */
  readonly start?: number;
  readonly storages?: StorageResolver;
  readonly inlineArrays?: InlineArrays;
  /** it belongs to a program of TorchScript, whose classes it may make */
  readonly script?: boolean;
}

/** Judges a pickle; answers where it ends. */
export function scanPickle(
  source: ByteSource,
  file: string,
  context: ScanContext,
  setting: PickleSetting = {},
): number {
  const { start = 0, storages = null, inlineArrays = { mode: 'refuse' }, script } = setting;
  const host: PickleHost = {
    file,
    report: context.report,
    limits: context.limits,
    storages,
    inlineArrays,
    script,
    booster: (library, bytes) => checkPickledBooster(library, bytes, context.limits),
    nested: (at, length) => {
      const inside = `${file}!bytes@${at}`;
      context.nested(new SliceSource(source, at, length), inside);
      return context.storages.get(inside) ?? null;
    },
  };
  return new PickleMachine({ source, start }, host, allowList()).run();
}

/**
 * What joblib wrote under another name may come to a plain loader, which takes the numbers for
 * instructions. Nearly always it ends at the first of them. It must not import or call anything
 * before that, nor meet what loaders read differently.
 */
function checkPlainReading(
  source: ByteSource,
  file: string,
  context: ScanContext,
  firstAt: number,
): void {
  const report = new Report(context.limits);
  let ends = true;
  try {
    scanPickle(
      source,
      file,
      { ...context, report, nested: () => undefined },
      { inlineArrays: { mode: 'run' } },
    );
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    ends = error.rule === 'pickle-structure';
  }
  const beyond = report.findings.find(
    ({ rule, offset }) => rule !== 'pickle-embedded' && (offset ?? firstAt) >= firstAt,
  );
  if (ends && beyond === undefined) return;
  context.report.add('pickle-inline-array', {
    file,
    offset: beyond?.offset ?? firstAt,
    symbol: beyond?.symbol ?? undefined,
    why: 'joblib wrote the file, which is not called .joblib: a plain pickle loader takes the numbers of its arrays for instructions, and these do something.',
  });
}
