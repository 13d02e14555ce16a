import { Rejected, latin1 } from '../report.ts';
import type { RuleId } from '../rules.ts';
import type { ByteSource } from '../source.ts';
import { Owned } from './owned.ts';
import type { FieldType, Tables } from './tables.ts';

/** A place where a table stands, whose type is known. */
export interface TableAt {
  at: number;
  table: string;
}

export interface List {
  /** of the first element */
  at: number;
  length: number;
}

const TEXT_MAX_BYTES = 64 * 1024;
/** vtables are two bytes a field; more are none */
const VTABLE_MAX_BYTES = 1024;
const PARTS_MAX = 4_000_000;
/** one alignment of the largest tensors */
const TAIL_MAX_BYTES = 64;

/**
 * Reads a flatbuffer (https://flatbuffers.dev/internals/) by a list of its tables. `verify` walks
 * over everything that can be reached, once: offsets lead forward and into the file, fields lie
 * inside of their tables and are known, and each byte has one owner. After that the accessors give
 * what is there; a field that is not set is null.
 */
export class FlatbufferReader {
  readonly owned: Owned;
  private readonly source: ByteSource;
  private readonly tables: Tables;
  private readonly rule: RuleId;
  private readonly visited = new Map<number, string>();
  private readonly vtables = new Map<number, number[]>();
  private readonly maxDepth: number;

  constructor(source: ByteSource, tables: Tables, rule: RuleId, maxDepth: number) {
    this.source = source;
    this.tables = tables;
    this.rule = rule;
    this.maxDepth = maxDepth;
    this.owned = new Owned(rule, PARTS_MAX);
  }

  /**
   * The outermost table, with all that hangs on it; the mark behind its offset is `markBytes` long.
   */
  root(table: string, markBytes: number): TableAt {
    this.owned.add(0, 4 + markBytes);
    const at = this.follow(0);
    this.verify(at, table, 0);
    return { at, table };
  }

  checkOwners(): void {
    this.owned.check(this.source, TAIL_MAX_BYTES);
  }

  number(from: TableAt, name: string, fallback = 0): number {
    const { at, type } = this.place(from, name);
    return at === 0 ? fallback : this.numberAt(at, type.bytes, type.signed);
  }

  text(from: TableAt, name: string): string | null {
    const { at } = this.place(from, name);
    return at === 0 ? null : this.textAt(this.follow(at));
  }

  table(from: TableAt, name: string): TableAt | null {
    const { at, type } = this.place(from, name);
    if (at === 0) return null;
    return {
      at: this.follow(at),
      table:
        type.kind === 'union' ? type.members.get(this.number(from, `${name}_type`))! : type.table,
    };
  }

  list(from: TableAt, name: string): List {
    const { at } = this.place(from, name);
    if (at === 0) return { at: 0, length: 0 };
    const start = this.follow(at);
    return { at: start + 4, length: this.unsigned(start) };
  }

  *numbers(from: TableAt, name: string): Generator<number> {
    const { type } = this.place(from, name);
    const { at, length } = this.list(from, name);
    for (let i = 0; i < length; i++)
      yield this.numberAt(at + i * type.bytes, type.bytes, type.signed);
  }

  *each(from: TableAt, name: string): Generator<TableAt> {
    const { type } = this.place(from, name);
    const { at, length } = this.list(from, name);
    for (let i = 0; i < length; i++) yield { at: this.follow(at + 4 * i), table: type.table };
  }

  private verify(at: number, table: string, depth: number): void {
    if (this.wasHere(at, table)) return;
    if (depth > this.maxDepth)
      throw new Rejected('limit-exceeded', `Tables are nested deeper than ${this.maxDepth}.`, at);
    const [size, ...slots] = this.vtable(at);
    this.owned.add(at, at + size!);
    const fields = this.tables.fields(table);
    slots.forEach((offset, i) => {
      if (offset === 0) return;
      const type =
        fields[i] ?? this.wrong(`${table} has a field ${i} that the format does not know.`, at);
      const place = at + offset;
      if (offset < 4 || offset + (type.kind === 'number' ? type.bytes : 4) > size!)
        this.wrong(`The field ${type.name} lies outside of its table.`, at);
      if (type.kind !== 'number')
        this.verifyTarget({ at, table }, type, this.follow(place), depth + 1);
    });
  }

  private verifyTarget(from: TableAt, type: FieldType, at: number, depth: number): void {
    if (type.kind === 'table') return this.verify(at, type.table, depth);
    if (type.kind === 'union') return this.verifyUnion(from, type, at, depth);
    if (this.wasHere(at, contentOf(type))) return;
    const length = this.unsigned(at);
    const start = at + 4;
    const bytes = bytesOf(type, length);
    if (start + bytes > this.source.size)
      this.wrong(
        `${type.name} claims ${bytes} bytes; the file has ${this.source.size - start} left.`,
        at,
      );
    if (type.kind === 'string' && this.numberAt(start + length, 1, false) !== 0)
      this.wrong('A text does not end with NUL.', at);
    this.owned.add(at, start + bytes);
    if (type.kind === 'numbers' || type.kind === 'string') return;
    for (let i = 0; i < length; i++) {
      const target = this.follow(start + 4 * i);
      if (type.kind === 'tables') this.verify(target, type.table, depth);
      else this.verifyTarget(from, { ...type, kind: 'string' }, target, depth);
    }
  }

  private verifyUnion(from: TableAt, type: FieldType, at: number, depth: number): void {
    const member = type.members.get(this.number(from, `${type.name}_type`));
    if (member === undefined || member === 'NONE')
      this.wrong(`${type.name} is of a type that the format does not know.`, at);
    this.verify(at, member!, depth);
  }

  /** Each place is looked at once, however many lead to it; it can be one thing only. */
  private wasHere(at: number, what: string): boolean {
    const known = this.visited.get(at);
    if (known !== undefined && known !== what)
      this.wrong(`One place is both ${known} and ${what}.`, at);
    this.visited.set(at, what);
    return known !== undefined;
  }

  /** The size of the table, then the place of each field in it. */
  private vtable(at: number): number[] {
    if (at % 4 !== 0) this.wrong('A table is not aligned.', at);
    const start = at - this.numberAt(at, 4, true);
    const known = this.vtables.get(start);
    if (known !== undefined) return this.fits(known, at);
    if (start < 0 || start % 2 !== 0 || start + 4 > this.source.size)
      this.wrong('A table has no description.', at);
    const bytes = this.numberAt(start, 2, false);
    if (
      bytes < 4 ||
      bytes % 2 !== 0 ||
      bytes > VTABLE_MAX_BYTES ||
      start + bytes > this.source.size
    )
      this.wrong('The description of a table is of no possible length.', start);
    const slots: number[] = [];
    for (let i = 2; i < bytes; i += 2) slots.push(this.numberAt(start + i, 2, false));
    this.vtables.set(start, slots);
    this.owned.add(start, start + bytes);
    return this.fits(slots, at);
  }

  private fits(slots: number[], at: number): number[] {
    if (slots[0]! < 4 || at + slots[0]! > this.source.size)
      this.wrong('A table reaches beyond the file.', at);
    return slots;
  }

  private place(from: TableAt, name: string): { at: number; type: FieldType } {
    const index = this.tables.fields(from.table).findIndex((field) => field?.name === name);
    const type = this.tables.fields(from.table)[index];
    if (type === undefined || type === null) throw new Error(`${from.table} has no field ${name}.`);
    const offset = this.vtable(from.at)[index + 1] ?? 0;
    return { at: offset === 0 ? 0 : from.at + offset, type };
  }

  private follow(at: number): number {
    const target = at + this.unsigned(at);
    if (target === at || target + 4 > this.source.size)
      this.wrong('An offset leads out of the file.', at);
    if (target % 4 !== 0) this.wrong('An offset leads to a place that is not aligned.', at);
    return target;
  }

  private textAt(at: number): string {
    const length = this.unsigned(at);
    if (length > TEXT_MAX_BYTES)
      throw new Rejected(
        'limit-exceeded',
        `A name has ${length} bytes; ${TEXT_MAX_BYTES} are the limit.`,
        at,
      );
    return latin1(this.source.read(at + 4, length));
  }

  private unsigned(at: number): number {
    return this.numberAt(at, 4, false);
  }

  private numberAt(at: number, bytes: number, signed: boolean): number {
    if (at < 0 || at + bytes > this.source.size)
      this.wrong('A number lies outside of the file.', Math.max(0, Math.min(at, this.source.size)));
    const raw = this.source.read(at, bytes);
    const view = Buffer.from(raw.buffer, raw.byteOffset, bytes);
    if (bytes <= 4) return signed ? view.readIntLE(0, bytes) : view.readUIntLE(0, bytes);
    const value = signed ? view.readBigInt64LE() : view.readBigUInt64LE();
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
  }

  private wrong(why: string, at: number): never {
    throw new Rejected(this.rule, why, at);
  }
}

/** What a place holds, in words. */
function contentOf(type: FieldType): string {
  if (type.kind === 'numbers') return `numbers of ${type.bytes} bytes`;
  return type.kind === 'tables' ? `a list of ${type.table}` : type.kind;
}

/** Texts end with NUL; what is no list of numbers is one of offsets. */
function bytesOf({ kind, bytes }: FieldType, length: number): number {
  return kind === 'string' ? length + 1 : length * (kind === 'numbers' ? bytes : 4);
}
