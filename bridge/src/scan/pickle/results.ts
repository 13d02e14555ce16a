import type { RuleId } from '../rules.ts';
import { Rejected } from '../report.ts';
import { arrowFault, isArrowType } from './arrow.ts';
import { isBooster } from './boosters.ts';
import { dtypeOf } from './dtypes.ts';
import type { GlobalTable } from './globals.ts';
import type { PickleHost } from './host.ts';
import { refuseSpecial } from './names.ts';
import type { References } from './references.ts';
import { tensorFault } from './tensors.ts';
import type { Texts } from './texts.ts';
import { type Arena, KIND, kindOf, LETTERS, pack, payloadOf } from './values.ts';
import type { Watch } from './watch.ts';

const NAME_MAX_BYTES = 320;
const FRACTION = /^-?[0-9]{1,4300}(\/[0-9]{1,4300})?$/;
const RECORD = /^numpy\.((_?core\.records|rec)\.)?record$/;
const NUMBERS =
  /^(numpy\.(bool_?|u?int(8|16|32|64|c|p)|float(16|32|64)|complex(64|128)|half|single|double)|ml_dtypes\.\w+|builtins\.(int|float|bool|complex))$/;
/** UTF-32 of plain letters, in either order, as Latin-1 */
const ofWideText = (bytes: string | null): string | null =>
  bytes !== null && /^(?:[^\0]\0\0\0|\0\0\0[^\0])+(?:\0{4})*$/.test(bytes)
    ? bytes.replaceAll('\0', '')
    : null;
/** What dill and cloudpickle call by a name of their own; the others are builtins. */
const NAMED_TYPES: Record<string, readonly [string, string]> = {
  PartialType: ['functools', 'partial'],
  ItemGetterType: ['operator', 'itemgetter'],
  SimpleNamespace: ['types', 'SimpleNamespace'],
};

/** What a permitted call needs of the machine around it. */
export interface Caller {
  global(module: string, name: string, at: number): number;
  call(how: 'call' | 'new', callee: number, args: number, at: number): number;
  fill(how: 'build', target: number, at: number): void;
  describe(value: number): string;
  tell(rule: RuleId, offset: number, symbol: string | undefined, why: string): void;
}

/** What permitted calls make, and what else has to be looked at before they may. */
export class Results {
  /** offsets of bytes and texts that look like pickles and that nothing judged, as far as we are */
  readonly embedded = new Set<number>();
  /** the value of joblib's array wrapper, once there was one; no other value is equal to it */
  wrapper = -1;
  private readonly host: PickleHost;
  private readonly globals: GlobalTable;
  private readonly arena: Arena;
  private readonly watch: Watch;
  private readonly texts: Texts;
  private readonly references: References;
  private readonly caller: Caller;

  constructor(
    around: {
      host: PickleHost;
      globals: GlobalTable;
      arena: Arena;
      watch: Watch;
      texts: Texts;
      references: References;
    },
    caller: Caller,
  ) {
    ({
      host: this.host,
      globals: this.globals,
      arena: this.arena,
      watch: this.watch,
      texts: this.texts,
      references: this.references,
    } = around);
    this.caller = caller;
  }

  /** The call of the global `id` with arguments that fit its list. */
  of(id: number, values: number[], at: number): number {
    const rule = this.globals.at(id).rule!;
    this.check(id, values, at);
    const special = this.special(id, values, at);
    if (special !== null) return special;
    if (rule.returns === 'bytes')
      return pack(KIND.BYTES, values.length === 2 ? LETTERS + payloadOf(values[0]!) : 0);
    if (rule.sink === 'bytearray' && (this.watch.active || this.globals.arrow))
      return this.bytearray(id, values);
    const made = pack(
      KIND.OBJECT,
      typeof rule.returns === 'number' ? payloadOf(values[rule.returns]!) : id,
    );
    return isBooster(this.globals.at(payloadOf(made)).symbol) ? this.watch.begin(made) : made;
  }

  /** What is told, or refused, of arguments that the list lets pass. */
  private check(id: number, values: number[], at: number): void {
    const { symbol, rule } = this.globals.at(id);
    switch (rule!.sink) {
      case 'torch-tensor':
        return this.checkTensor(values, null, at);
      case 'torch-tensor-typed':
        return this.checkTensor(values, this.typeBytes(values[6]!), at);
      case 'text-bytes':
        return refuseSpecial(ofWideText(this.texts.text(values[0]!)));
      case 'scalar':
        return this.refuseName(values);
      case 'fraction':
        return this.checkFraction(symbol, values[0]!, at);
      case 'base':
        if (this.globals.at(payloadOf(values[1]!)).name === 'str')
          refuseSpecial(this.texts.text(values[2]!) ?? '__unknown__');
        return;
      case 'torch-sparse':
        return this.caller.tell(
          'torch-sparse-tensor',
          at,
          undefined,
          'The places of the values of a sparse tensor are data of the file. PyTorch looks at them only where weights_only is set; a wrong one reads memory of others.',
        );
      case 'arrow-array':
        return this.checkArrow(values[0]!, at);
    }
  }

  /** What comes out of the functions that do not simply make an object; null: of all others. */
  private special(id: number, values: number[], at: number): number | null {
    const { symbol, rule } = this.globals.at(id);
    switch (rule!.sink) {
      case 'torch-bytes':
        return this.loaded(symbol, values[0]!, at);
      case 'dtype':
        return this.dtype(id, values[0]!, at);
      case 'attribute': {
        const { module, name } = this.globals.at(payloadOf(values[0]!));
        return this.caller.global(module, `${name}.${this.texts.text(values[1]!)!}`, at);
      }
      case 'named-type': {
        const name = this.texts.text(values[0]!)!;
        return this.caller.global(...(NAMED_TYPES[name] ?? (['builtins', name] as const)), at);
      }
      case 'dispatch':
        return this.dispatched(values, at);
      case 'partial':
        return this.watch.begin(pack(KIND.OBJECT, this.globals.around(id, values[0]!)));
      case 'arrow-type':
        return this.arrowType(id, symbol, values);
      case 'arrow-buffer':
        return values[0]!;
      case 'inline-array':
        this.wrapper = this.watch.begin(pack(KIND.OBJECT, id));
        return null;
      default:
        return null;
    }
  }

  private checkTensor(values: number[], elementBytes: number | null, at: number): void {
    const fault = tensorFault(values, this.references.storages, this.arena, elementBytes);
    if (fault !== null) this.caller.tell('torch-tensor-bounds', at, undefined, fault);
  }

  private checkFraction(symbol: string, value: number, at: number): void {
    if (kindOf(value) === KIND.STR && !FRACTION.test(this.texts.text(value) ?? ''))
      this.caller.tell(
        'pickle-call-arguments',
        at,
        symbol,
        `${symbol} is given a text that is no fraction: a large exponent takes all memory.`,
      );
  }

  private checkArrow(description: number, at: number): void {
    const found = arrowFault(description, {
      globals: this.globals,
      arena: this.arena,
      watch: this.watch,
      texts: this.texts,
    });
    if (found === null) return;
    if ('fault' in found)
      throw new Rejected(
        'pickle-state-blocked',
        `An array of Arrow is not as long as it says: ${found.fault}.`,
      );
    this.caller.tell(
      'pickle-arrow-array',
      at,
      undefined,
      `The buffers of an Arrow array and its length are data of the file, and pyarrow does not compare them while loading; nor could the scanner: ${found.unknown}.`,
    );
  }

  private arrowType(id: number, symbol: string, values: number[]): number | null {
    const name =
      symbol === 'pyarrow.lib.timestamp' ? 'timestamp' : (this.texts.text(values[0]!) ?? '');
    return isArrowType(name) ? pack(KIND.OBJECT, this.globals.arrowType(id, name)) : null;
  }

  /**
   * torch.load of bytes: they are judged as a file of their own. Answers the storage, when they are
   * one.
   */
  private loaded(symbol: string, bytes: number, at: number): number | null {
    const extent = this.texts.extent(bytes);
    if (extent === null) {
      this.caller.tell(
        'pickle-call-arguments',
        at,
        symbol,
        `${symbol} loads bytes that are computed, so nobody can look at them beforehand.`,
      );
      return null;
    }
    this.embedded.delete(extent.start);
    const storage = this.host.nested(extent.start, extent.length);
    return storage === null ? null : this.references.add(storage);
  }

  /** Of bytes, or of a text of one letter a byte, it may be what a booster is read from. */
  private bytearray(id: number, values: number[]): number {
    if (values.length === 1) return values[0]!;
    return values.length === 2
      ? pack(KIND.BYTES, LETTERS + payloadOf(values[0]!))
      : pack(KIND.OBJECT, id);
  }

  /**
   * numpy.dtype: of a code; of the class of records, which takes fields; of a class of numbers. Of
   * any other class it would be one of objects.
   */
  private dtype(id: number, of: number, at: number): number {
    const code = this.texts.text(of);
    const entry = kindOf(of) === KIND.GLOBAL ? this.globals.at(payloadOf(of)) : null;
    const dtype =
      code !== null
        ? dtypeOf(code)
        : entry !== null && RECORD.test(entry.symbol)
          ? { kind: 'V', bytes: null, objects: false }
          : null;
    if (dtype === null && (entry === null || !NUMBERS.test(entry.symbol))) {
      this.caller.tell(
        'pickle-call-arguments',
        at,
        'numpy.dtype',
        `numpy.dtype is called with (${this.caller.describe(of)}); honest picklers never do that.`,
      );
      return pack(KIND.UNKNOWN);
    }
    const made = pack(
      KIND.OBJECT,
      this.globals.derived(
        id,
        code ?? entry!.symbol,
        dtype ?? { kind: 'number', bytes: null, objects: false },
      ),
    );
    return dtype?.kind === 'V' ? this.watch.begin(made) : made;
  }

  /** numpy's scalar of a text dtype is a text, which nobody sees in the file as one. */
  private refuseName(values: number[]): void {
    if (
      kindOf(values[0]!) !== KIND.OBJECT ||
      this.globals.at(payloadOf(values[0]!)).dtype?.kind !== 'U' ||
      values[1] === undefined
    )
      return;
    refuseSpecial(ofWideText(this.texts.text(values[1])));
    const extent = this.texts.extent(values[1]);
    if (extent !== null && extent.length <= NAME_MAX_BYTES)
      refuseSpecial(ofWideText(this.texts.read(extent).toString('latin1')));
  }

  /**
   * The function that is given calls another with arguments that are given too: dill's (function,
   * arguments, state), PyTorch's (function, type, arguments, state).
   */
  private dispatched(values: number[], at: number): number {
    const types = kindOf(values[1]!) === KIND.GLOBAL ? 1 : 0;
    const made = this.caller.call('call', values[0]!, values[1 + types]!, at);
    if (types === 0) this.caller.fill('build', made, at);
    return made;
  }

  /**
   * Bytes of an element of a dtype of PyTorch; more than any storage has, where that is not known.
   */
  private typeBytes(value: number): number {
    const rule = kindOf(value) === KIND.GLOBAL ? this.globals.at(payloadOf(value)).rule : undefined;
    return rule?.typeBytes ?? Infinity;
  }
}
