import { argumentsFit } from './arguments.ts';
import type { GlobalTable } from './globals.ts';
import type { PickleHost } from './host.ts';
import { isBooster } from './boosters.ts';
import { dtypeOf } from './dtypes.ts';
import { refuseSpecial } from './names.ts';
import { stringExtent, stringAt } from './strings.ts';
import { type Arena, bytesAt, KIND, KIND_NAMES, kindOf, LETTERS, pack, payloadOf } from './values.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import type { RuleId } from '../rules.ts';
import { tensorFault, type StorageEntry } from './tensors.ts';
import type { Watch } from './watch.ts';

const TEXTS_KEPT = 4096;
const NAME_MAX_BYTES = 320;
const FRACTION = /^-?[0-9]{1,4300}(\/[0-9]{1,4300})?$/;
const RECORD = /^numpy\.((_?core\.records|rec)\.)?record$/;
const NUMBERS = /^(numpy\.(bool_?|u?int(8|16|32|64|c|p)|float(16|32|64)|complex(64|128)|half|single|double)|ml_dtypes\.\w+|builtins\.(int|float|bool|complex))$/;
/** UTF-32 of plain letters, in either order, as Latin-1 */
const ofWideText = (bytes: string | null): string | null => (bytes !== null && /^(?:[^\0]\0\0\0|\0\0\0[^\0])+(?:\0{4})*$/.test(bytes) ? bytes.replaceAll('\0', '') : null);
/** What dill and cloudpickle call by a name of their own; the others are builtins. */
const NAMED_TYPES: Record<string, readonly [string, string]> = { PartialType: ['functools', 'partial'], ItemGetterType: ['operator', 'itemgetter'], SimpleNamespace: ['types', 'SimpleNamespace'] };

/** The rules at the instructions that do something: calls, and filling of what calls made. */
export class Calls {
  readonly storages: StorageEntry[] = [];
  /** offsets of bytes and texts that look like pickles and that nothing judged, as far as we are */
  readonly embedded = new Set<number>();
  /** the value of joblib's array wrapper, once there was one; no other value is equal to it */
  wrapper = -1;
  /** key → its class and size, and its place in `storages` */
  private readonly storageUses = new Map<string, { use: string; index: number }>();
  /** what lies far behind is asked for again and again: the name of a module in every object */
  private readonly texts = new Map<number, string | null>();
  private readonly source: ByteSource;
  private readonly host: PickleHost;
  private readonly globals: GlobalTable;
  private readonly arena: Arena;
  private readonly watch: Watch;

  constructor(source: ByteSource, host: PickleHost, globals: GlobalTable, arena: Arena, watch: Watch) {
    this.source = source;
    this.host = host;
    this.globals = globals;
    this.arena = arena;
    this.watch = watch;
  }

  /** STACK_GLOBAL: both operands must be constant strings. */
  stackGlobal(module: number, name: number, at: number): number {
    const moduleText = this.text(module);
    const nameText = this.text(name);
    if (moduleText === null || nameText === null) {
      if (this.host.inlineArrays.mode === 'run' && (this.isNoText(module) || this.isNoText(name))) throw new Rejected('pickle-structure', 'A name is asked for that is no text: loaders end here.');
      this.tell('pickle-global-computed', at, undefined, `What is imported is made of ${KIND_NAMES[kindOf(module)]} and ${KIND_NAMES[kindOf(name)]}, not of two plain strings.`);
      return pack(KIND.UNKNOWN);
    }
    return this.global(moduleText, nameText, at);
  }

  /** Certainly not of the type str itself, which alone is taken for a name. */
  private isNoText(value: number): boolean {
    const kind = kindOf(value);
    if (kind === KIND.OBJECT) return this.globals.at(payloadOf(value)).rule?.role === 'class';
    return kind !== KIND.STR && kind !== KIND.UNKNOWN;
  }

  global(module: string, name: string, at: number): number {
    const id = this.globals.idOf(module, name);
    const entry = this.globals.at(id);
    if (entry.standing === 'blocked') {
      const what = entry.known ? 'is part of a known library and is neither a reviewed class nor a permitted function' : 'is not on the list of harmless classes and functions';
      this.tell('pickle-global-blocked', at, entry.symbol, `Loading the file imports ${entry.symbol}, which ${what}.`);
    } else if (entry.standing === 'review') {
      this.tell('pickle-global-review', at, entry.symbol, `The file makes objects of ${entry.symbol}: a class of a known library that has not been reviewed for loading.`);
    }
    return pack(KIND.GLOBAL, id);
  }

  /** `how` new: cls.__new__(cls, *args); call: callee(*args). Answers what the machine knows of the result. */
  call(how: 'call' | 'new', callee: number, args: number, at: number): number {
    if (kindOf(callee) !== KIND.GLOBAL) {
      if (kindOf(callee) !== KIND.UNKNOWN) this.tell('pickle-call-blocked', at, undefined, `What is called is ${KIND_NAMES[kindOf(callee)]}, not a named function or class.`);
      return pack(KIND.UNKNOWN);
    }
    const id = payloadOf(callee);
    const { symbol, standing, rule } = this.globals.at(id);
    const values = this.arena.elements(args);
    if (kindOf(args) !== KIND.TUPLE) {
      this.tell('pickle-call-arguments', at, symbol, `The arguments of ${symbol} are ${KIND_NAMES[kindOf(args)]}, not a tuple.`);
      return pack(KIND.UNKNOWN);
    }
    if (standing === 'blocked') {
      this.tell('pickle-call-blocked', at, symbol, `Loading the file calls ${symbol}.`);
      return pack(KIND.UNKNOWN);
    }
    if (standing === 'review') {
      if (how === 'new' && values?.length === 0) return pack(KIND.OBJECT, id);
      this.tell('pickle-call-blocked', at, symbol, `Loading the file calls ${symbol} with arguments; it has not been reviewed for that.`);
      return pack(KIND.UNKNOWN);
    }
    const lists = how === 'new' ? rule!.new : rule!.call;
    if (lists === undefined) {
      this.tell('pickle-call-blocked', at, symbol, `${symbol} may be named in a model and may not be ${how === 'new' ? 'made by NEWOBJ' : 'called'} while loading.`);
      return pack(KIND.UNKNOWN);
    }
    if (values === null || !argumentsFit(lists, values, this.globals, { text: (value) => this.text(value), bytes: (value) => this.bytes(value) })) {
      const given = values === null ? 'unknown' : values.map((value) => this.describe(value)).join(', ');
      this.tell('pickle-call-arguments', at, symbol, `${symbol} is called with (${given}); honest picklers never do that.`);
      return pack(KIND.UNKNOWN);
    }
    return this.result(id, values, at);
  }

  /** BINPERSID: only ('storage', class, key, location, count), as torch.save writes it; the older form has None behind. */
  persistent(reference: number, at: number): number {
    const refuse = (why: string, rule: RuleId = 'pickle-persistent-id'): number => {
      this.tell(rule, at, undefined, why);
      return pack(KIND.UNKNOWN);
    };
    if (this.host.storages === null) return refuse('The file refers to outside data, and this kind of file has none.');
    const parts = kindOf(reference) === KIND.TUPLE ? this.arena.elements(reference) : null;
    const { parts: arity } = this.host.storages;
    const source = arity === 6 && parts !== null ? this.classWithSource(parts) : null;
    if (source !== null) return source;
    if (parts === null || parts.length !== arity || this.text(parts[0]!) !== 'storage' || (arity === 6 && kindOf(parts[5]!) !== KIND.SCALAR)) {
      return refuse(`A reference is not ('storage', class, key, location, count${arity === 6 ? ', None' : ''}).`);
    }
    const type = kindOf(parts[1]!) === KIND.GLOBAL ? this.globals.at(payloadOf(parts[1]!)) : null;
    const [key, location] = [this.text(parts[2]!), this.text(parts[3]!)];
    if (type?.rule?.elementBytes === undefined || key === null || location === null || kindOf(parts[4]!) !== KIND.INT) {
      return refuse('A reference does not name a storage class, a key, a location and a number of elements.');
    }
    const count = payloadOf(parts[4]!);
    // a loader makes a storage once, as its first use says, whatever the later ones say
    const use = `${type.symbol} of ${count}`;
    const known = this.storageUses.get(key);
    if (known !== undefined) return known.use === use ? pack(KIND.STORAGE, known.index) : refuse(`The storage ${JSON.stringify(key)} is used as ${known.use} and as ${use}.`, 'torch-storage');
    const fault = this.host.storages.refer(key, count, type.rule.elementBytes);
    if (fault !== null) return refuse(fault, 'torch-storage');
    const index = this.storages.push({ count, elementBytes: type.rule.elementBytes }) - 1;
    this.storageUses.set(key, { use, index });
    return pack(KIND.STORAGE, index);
  }

  /** ('module', class, file, source): older files carry the text of a class, for a warning when it has changed. Loading takes the class. */
  private classWithSource(parts: number[]): number | null {
    const isClass = parts.length === 4 && this.text(parts[0]!) === 'module' && kindOf(parts[1]!) === KIND.GLOBAL;
    const plain = isClass && parts.slice(2).every((part) => [KIND.STR, KIND.SCALAR].includes(kindOf(part) as 1));
    return plain ? parts[1]! : null;
  }

  /** BUILD, SETITEM(S), APPEND(S), ADDITEMS: `target` must be something that loading made, and of a kind that takes this. */
  fill(how: 'build' | 'items' | 'append' | 'add', target: number, at: number): void {
    const kind = kindOf(target);
    if (kind === KIND.UNKNOWN) return; // what made it was already refused
    if (how === 'items' && kind === KIND.DICT) return;
    if (how === 'append' && kind === KIND.LIST) return;
    if (how === 'add' && kind === KIND.SET) return;
    if (kind === KIND.GLOBAL) {
      const { symbol } = this.globals.at(payloadOf(target));
      this.tell('pickle-state-on-global', at, symbol, `Loading the file changes ${symbol} itself, for the whole running program.`);
      return;
    }
    if (kind === KIND.OBJECT) {
      const { symbol, standing, rule } = this.globals.at(payloadOf(target));
      if (standing === 'review' && how === 'build') return;
      if (rule?.[how] === true) return;
      this.tell('pickle-state-blocked', at, symbol, `An object made by ${symbol} is filled in a way (${how}) that it does not take.`);
      return;
    }
    this.tell('pickle-state-blocked', at, undefined, `${KIND_NAMES[kind]} is filled as if it were an object (${how}).`);
  }

  private result(id: number, values: number[], at: number): number {
    const { symbol, rule } = this.globals.at(id);
    if (rule!.sink === 'torch-bytes') {
      const place = bytesAt(values[0]!);
      const extent = place === null ? null : stringExtent(this.source, place);
      if (extent === null) this.tell('pickle-call-arguments', at, symbol, `${symbol} loads bytes that are computed, so nobody can look at them beforehand.`);
      else {
        this.embedded.delete(extent.start);
        const storage = this.host.nested(extent.start, extent.length);
        if (storage !== null) return pack(KIND.STORAGE, this.storages.push(storage) - 1);
      }
    }
    if (rule!.sink === 'torch-tensor' || rule!.sink === 'torch-tensor-typed') {
      const fault = tensorFault(values, this.storages, this.arena, rule!.sink === 'torch-tensor' ? null : this.typeBytes(values[6]!));
      if (fault !== null) this.tell('torch-tensor-bounds', at, undefined, fault);
    }
    if (rule!.sink === 'dtype') return this.dtype(id, values[0]!, at);
    if (rule!.sink === 'text-bytes') refuseSpecial(ofWideText(this.text(values[0]!)));
    if (rule!.sink === 'scalar') this.refuseName(values);
    if (rule!.sink === 'fraction' && kindOf(values[0]!) === KIND.STR && !FRACTION.test(this.text(values[0]!) ?? '')) {
      this.tell('pickle-call-arguments', at, symbol, `${symbol} is given a text that is no fraction: a large exponent takes all memory.`);
    }
    if (rule!.sink === 'base' && this.globals.at(payloadOf(values[1]!)).name === 'str') refuseSpecial(this.text(values[2]!) ?? '__unknown__');
    if (rule!.sink === 'torch-sparse') this.tell('torch-sparse-tensor', at, undefined, 'The places of the values of a sparse tensor are data of the file. PyTorch looks at them only where weights_only is set; a wrong one reads memory of others.');
    if (rule!.sink === 'attribute') {
      const owner = this.globals.at(payloadOf(values[0]!));
      return this.global(owner.module, `${owner.name}.${this.text(values[1]!)!}`, at);
    }
    if (rule!.sink === 'named-type') {
      const name = this.text(values[0]!)!;
      return this.global(...(NAMED_TYPES[name] ?? (['builtins', name] as const)), at);
    }
    if (rule!.sink === 'dispatch') return this.dispatched(values, at);
    if (rule!.sink === 'partial') return pack(KIND.OBJECT, this.globals.around(id, values[0]!));
    if (rule!.sink === 'arrow-array') this.tell('pickle-arrow-array', at, undefined, 'The buffers of an Arrow array and its length are data of the file, and pyarrow does not compare them while loading.');
    if (rule!.sink === 'inline-array') this.wrapper = this.watch.begin(pack(KIND.OBJECT, id));
    if (rule!.returns === 'bytes') return pack(KIND.BYTES, values.length === 2 ? LETTERS + payloadOf(values[0]!) : 0);
    if (rule!.sink === 'bytearray' && this.watch.active) return this.bytearray(id, values);
    const made = pack(KIND.OBJECT, typeof rule!.returns === 'number' ? payloadOf(values[rule!.returns]!) : id);
    return isBooster(this.globals.at(payloadOf(made)).symbol) ? this.watch.begin(made) : made;
  }

  /** Of bytes, or of a text of one letter a byte, it may be what a booster is read from. */
  private bytearray(id: number, values: number[]): number {
    if (values.length === 1) return values[0]!;
    return values.length === 2 ? pack(KIND.BYTES, LETTERS + payloadOf(values[0]!)) : pack(KIND.OBJECT, id);
  }

  /** numpy.dtype: of a code; of the class of records, which takes fields; of a class of numbers. Of any other class it would be one of objects. */
  private dtype(id: number, of: number, at: number): number {
    const code = this.text(of);
    const entry = kindOf(of) === KIND.GLOBAL ? this.globals.at(payloadOf(of)) : null;
    const dtype = code !== null ? dtypeOf(code) : entry !== null && RECORD.test(entry.symbol) ? { kind: 'V', bytes: null, objects: false } : null;
    if (dtype === null && (entry === null || !NUMBERS.test(entry.symbol))) {
      this.tell('pickle-call-arguments', at, 'numpy.dtype', `numpy.dtype is called with (${this.describe(of)}); honest picklers never do that.`);
      return pack(KIND.UNKNOWN);
    }
    const made = pack(KIND.OBJECT, this.globals.derived(id, code ?? entry!.symbol, dtype ?? { kind: 'number', bytes: null, objects: false }));
    return dtype?.kind === 'V' ? this.watch.begin(made) : made;
  }

  /** numpy's scalar of a text dtype is a text, which nobody sees in the file as one. */
  private refuseName(values: number[]): void {
    if (kindOf(values[0]!) !== KIND.OBJECT || this.globals.at(payloadOf(values[0]!)).dtype?.kind !== 'U' || values[1] === undefined) return;
    refuseSpecial(ofWideText(this.text(values[1])));
    const place = bytesAt(values[1]);
    const extent = place === null ? null : stringExtent(this.source, place);
    if (extent !== null && extent.length <= NAME_MAX_BYTES) refuseSpecial(ofWideText(Buffer.from(this.source.read(extent.start, extent.length)).toString('latin1')));
  }

  /** The function that is given calls another with arguments that are given too: dill's (function, arguments, state), PyTorch's (function, type, arguments, state). */
  private dispatched(values: number[], at: number): number {
    const types = kindOf(values[1]!) === KIND.GLOBAL ? 1 : 0;
    const made = this.call('call', values[0]!, values[1 + types]!, at);
    if (types === 0) this.fill('build', made, at);
    return made;
  }

  /** BUILD gives a functools.partial (function, arguments, names, attributes): the function must be the one that it was made with. */
  partialFault(target: number, state: number): string | null {
    const { around } = this.globals.at(payloadOf(target));
    if (around === undefined) return null;
    const parts = kindOf(state) === KIND.TUPLE ? this.arena.elements(state) : null;
    const plain = (value: number): boolean => kindOf(value) === KIND.DICT || kindOf(value) === KIND.SCALAR;
    const fits = parts !== null && parts.length === 4 && parts[0] === around && kindOf(parts[1]!) === KIND.TUPLE && plain(parts[2]!) && plain(parts[3]!);
    return fits ? null : 'The state of a functools.partial is not (its own function, a tuple, a dict, a dict).';
  }

  /** Bytes of an element of a dtype of PyTorch; more than any storage has, where that is not known. */
  private typeBytes(value: number): number {
    const rule = kindOf(value) === KIND.GLOBAL ? this.globals.at(payloadOf(value)).rule : undefined;
    return rule?.typeBytes ?? Infinity;
  }

  private bytes(value: number): number {
    return payloadOf(value) > 0 ? (stringExtent(this.source, payloadOf(value))?.length ?? Infinity) : Infinity;
  }

  text(value: number): string | null {
    if (kindOf(value) !== KIND.STR) return null;
    const offset = payloadOf(value);
    const known = this.texts.get(offset);
    if (known !== undefined) return known;
    const text = stringAt(this.source, offset);
    if (this.texts.size >= TEXTS_KEPT) this.texts.clear();
    this.texts.set(offset, text);
    return text;
  }

  private describe(value: number): string {
    if (kindOf(value) === KIND.GLOBAL) return this.globals.at(payloadOf(value)).symbol;
    const text = this.text(value);
    return text === null ? KIND_NAMES[kindOf(value)]! : JSON.stringify(text.slice(0, 60));
  }

  private tell(rule: RuleId, offset: number, symbol: string | undefined, why: string): void {
    this.host.report.add(rule, { file: this.host.file, offset, symbol, why });
  }
}
