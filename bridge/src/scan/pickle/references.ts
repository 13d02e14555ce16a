import type { RuleId } from '../rules.ts';
import type { GlobalTable } from './globals.ts';
import type { PickleHost } from './host.ts';
import type { StorageEntry } from './tensors.ts';
import type { Texts } from './texts.ts';
import { type Arena, KIND, kindOf, pack, payloadOf } from './values.ts';

interface NamedStorage extends StorageEntry {
  /** its class */
  readonly symbol: string;
  readonly key: string;
}

/** What a pickle of PyTorch says of data that lie outside of it. */
export class References {
  readonly storages: StorageEntry[] = [];
  /** key → its class and size, and its place in `storages` */
  private readonly uses = new Map<string, { use: string; index: number }>();
  private readonly host: PickleHost;
  private readonly globals: GlobalTable;
  private readonly arena: Arena;
  private readonly texts: Texts;

  constructor(host: PickleHost, globals: GlobalTable, arena: Arena, texts: Texts) {
    this.host = host;
    this.globals = globals;
    this.arena = arena;
    this.texts = texts;
  }

  /**
   * BINPERSID: only ('storage', class, key, location, count), as torch.save writes it; the older
   * form has None behind.
   */
  persistent(reference: number, at: number): number {
    const refuse = (why: string, rule: RuleId = 'pickle-persistent-id'): number => {
      this.host.report.add(rule, { file: this.host.file, offset: at, why });
      return pack(KIND.UNKNOWN);
    };
    if (this.host.storages === null)
      return refuse('The file refers to outside data, and this kind of file has none.');
    const parts = kindOf(reference) === KIND.TUPLE ? this.arena.elements(reference) : null;
    const { parts: arity } = this.host.storages;
    const source = arity === 6 && parts !== null ? this.classWithSource(parts) : null;
    if (source !== null) return source;
    if (parts === null || !this.isStorage(parts, arity))
      return refuse(
        `A reference is not ('storage', class, key, location, count${arity === 6 ? ', None' : ''}).`,
      );
    const named = this.named(parts);
    if (named === null)
      return refuse(
        'A reference does not name a storage class, a key, a location and a number of elements.',
      );
    const storage = this.use(named);
    return typeof storage === 'string' ? refuse(storage, 'torch-storage') : storage;
  }

  /** The storage that is named, or what is wrong with it. */
  private use({ symbol, key, count, elementBytes }: NamedStorage): number | string {
    // a loader makes a storage once, as its first use says, whatever the later ones say
    const use = `${symbol} of ${count}`;
    const known = this.uses.get(key);
    if (known !== undefined)
      return known.use === use
        ? pack(KIND.STORAGE, known.index)
        : `The storage ${JSON.stringify(key)} is used as ${known.use} and as ${use}.`;
    const fault = this.host.storages!.refer(key, count, elementBytes);
    if (fault !== null) return fault;
    const storage = this.add({ count, elementBytes });
    this.uses.set(key, { use, index: payloadOf(storage) });
    return storage;
  }

  private isStorage(parts: readonly number[], arity: number): boolean {
    return (
      parts.length === arity &&
      this.texts.text(parts[0]!) === 'storage' &&
      (arity !== 6 || kindOf(parts[5]!) === KIND.SCALAR)
    );
  }

  /** What the parts of a reference name, or null. */
  private named(parts: readonly number[]): NamedStorage | null {
    const type = kindOf(parts[1]!) === KIND.GLOBAL ? this.globals.at(payloadOf(parts[1]!)) : null;
    const [key, location] = [this.texts.text(parts[2]!), this.texts.text(parts[3]!)];
    const elementBytes = type?.rule?.elementBytes;
    return type === null ||
      elementBytes === undefined ||
      key === null ||
      location === null ||
      kindOf(parts[4]!) !== KIND.INT
      ? null
      : { symbol: type.symbol, key, count: payloadOf(parts[4]!), elementBytes };
  }

  add(storage: StorageEntry): number {
    return pack(KIND.STORAGE, this.storages.push(storage) - 1);
  }

  /**
   * ('module', class, file, source): older files carry the text of a class, for a warning when it
   * has changed. Loading takes the class.
   */
  private classWithSource(parts: number[]): number | null {
    const isClass =
      parts.length === 4 &&
      this.texts.text(parts[0]!) === 'module' &&
      kindOf(parts[1]!) === KIND.GLOBAL;
    const plain =
      isClass &&
      parts.slice(2).every((part) => [KIND.STR, KIND.SCALAR].includes(kindOf(part) as 1));
    return plain ? parts[1]! : null;
  }
}
