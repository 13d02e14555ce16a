import { expect } from 'chai';
import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { allowList } from '../../../src/scan/pickle/allowlist.ts';
import { HotLoop } from '../../../src/scan/pickle/hot-loop.ts';
import type { PickleHost } from '../../../src/scan/pickle/host.ts';
import { PickleMachine } from '../../../src/scan/pickle/machine.ts';
import { Rejected, Report } from '../../../src/scan/report.ts';
import { BufferSource } from '../../../src/scan/source.ts';
import { DEFAULT_LIMITS } from '../../../src/scan/types.ts';
import { tries } from '../fuzz.ts';
import { global, pickle, text, type Part } from './pickle-assembler.ts';

const HONEST = path.join(import.meta.dirname, '../../samples/scan/honest');

/** Everything that can be told of a walk: where it ended, or why not, and what it found. */
function walk(bytes: Uint8Array): string {
  const report = new Report(DEFAULT_LIMITS);
  const host: PickleHost = {
    file: 'a.pkl',
    report,
    limits: DEFAULT_LIMITS,
    storages: null,
    inlineArrays: { mode: 'skip' },
    booster: () => undefined,
    nested: () => null,
  };
  let end: unknown;
  try {
    end = new PickleMachine({ source: new BufferSource(bytes), start: 0 }, host, allowList()).run();
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    end = [error.rule, error.message, error.offset];
  }
  return JSON.stringify([end, report.findings]);
}

/** The same, one instruction at a time. */
function stepByStep(bytes: Uint8Array): string {
  const run = HotLoop.prototype.run;
  HotLoop.prototype.run = () => undefined;
  try {
    return walk(bytes);
  } finally {
    HotLoop.prototype.run = run;
  }
}

describe('the hot loop of the pickle machine', () => {
  const samples = fs.readdirSync(HONEST).filter((name) => /\.(pkl|joblib)$/.test(name));

  it('says of every honest sample what the machine says step by step', () => {
    for (const name of samples) {
      const bytes = fs.readFileSync(path.join(HONEST, name));
      expect(walk(bytes), name).to.equal(stepByStep(bytes));
    }
  });

  it('and of names of special methods, wherever they lie on the stack', () => {
    const parts: Part[][] = [
      [text('__setstate__')],
      [text('__init__'), 'MEMOIZE'],
      ['BINGET', 0],
      ['BINGET', 1],
      [text('a')],
      ['BININT1', 1],
      ['MARK'],
      ['TUPLE'],
      ['TUPLE1'],
      ['TUPLE2'],
      ['EMPTY_LIST'],
      ['EMPTY_DICT'],
      ['APPEND'],
      ['APPENDS'],
      ['SETITEM'],
      ['SETITEMS'],
      ['POP'],
      ['DUP'],
      ['MEMOIZE'],
      [global('collections', 'OrderedDict')],
      ['NEWOBJ'],
      ['EMPTY_TUPLE'],
    ];
    const front = [text('__setstate__'), 'MEMOIZE', text('b'), 'MEMOIZE'] satisfies Part[];
    fc.assert(
      fc.property(fc.array(fc.nat(parts.length - 1), { maxLength: 24 }), (chosen) => {
        // enough behind it that the window does not end the loop
        const bytes = pickle(
          ...front,
          ...chosen.flatMap((i) => parts[i]!),
          ...Array.from({ length: 12 }, (): Part => 'NONE'),
        );
        expect(walk(bytes)).to.equal(stepByStep(bytes));
      }),
      tries(5000),
    );
  });

  it('and of samples with bytes changed and the end cut off', () => {
    const bytes = samples
      .filter((name) => name.endsWith('.pkl'))
      .map((name) => fs.readFileSync(path.join(HONEST, name)));
    const change = fc.record({
      sample: fc.nat(bytes.length - 1),
      places: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), {
        maxLength: 3,
      }),
      cut: fc.double({ min: 0, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(change, ({ sample, places, cut }) => {
        const changed = Buffer.from(bytes[sample]!);
        for (const [place, value] of places) changed[Math.floor(place * changed.length)] = value;
        const whole = changed.subarray(0, Math.ceil(Math.min(1, cut) * changed.length));
        expect(walk(whole)).to.equal(stepByStep(whole));
      }),
      tries(2000),
    );
  });
});
