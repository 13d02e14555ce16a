import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { giveBooster, isBooster } from './boosters.ts';
import type { Calls } from './calls.ts';
import { giveState } from './dtypes.ts';
import type { GlobalTable } from './globals.ts';
import type { PickleHost } from './host.ts';
import { partialFault } from './partials.ts';
import type { Texts } from './texts.ts';
import { type Arena, KIND, kindOf, payloadOf } from './values.ts';
import type { Watch } from './watch.ts';

/**
 * BUILD, for objects whose state decides what the loader does with bytes of the file, or what it
 * calls.
 */
export class States {
  private readonly source: ByteSource;
  private readonly host: PickleHost;
  private readonly arena: Arena;
  private readonly calls: Calls;
  private readonly globals: GlobalTable;
  private readonly watch: Watch;
  private readonly texts: Texts;

  constructor(around: {
    source: ByteSource;
    host: PickleHost;
    arena: Arena;
    calls: Calls;
    globals: GlobalTable;
    watch: Watch;
    texts: Texts;
  }) {
    ({
      source: this.source,
      host: this.host,
      arena: this.arena,
      calls: this.calls,
      globals: this.globals,
      watch: this.watch,
      texts: this.texts,
    } = around);
  }

  /** Answers whether an array of joblib follows. */
  give(target: number, state: number, at: number): boolean {
    this.calls.fill('build', target, at);
    if (kindOf(target) !== KIND.OBJECT) return false;
    const { globals, arena, watch, texts } = this;
    const { symbol, around, dtype } = globals.at(payloadOf(target));
    const awaited = watch.end(target);
    if (around !== undefined) {
      const fault = partialFault(around, state, { globals, arena, watch });
      if (fault !== null) throw new Rejected('pickle-state-blocked', fault);
    }
    if (isBooster(symbol)) giveBooster(symbol, watch.use(state), this.source, this.host);
    else if (dtype !== undefined) {
      if (dtype.kind === 'V' && !awaited)
        throw new Rejected('pickle-state-blocked', 'A dtype is given a state twice.');
      const fault = giveState(dtype, state, { globals, arena, watch, texts });
      if (fault !== null) throw new Rejected('pickle-state-blocked', fault);
    }
    if (target !== this.calls.results.wrapper) return false;
    if (!awaited)
      throw new Rejected('pickle-inline-array', 'An array of joblib is described twice.');
    return true;
  }
}
