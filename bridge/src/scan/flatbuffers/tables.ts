import { readData } from '../data/read.ts';

export interface FieldType {
  name: string;
  /** `number`: bytes inline; all others are an offset to what follows */
  kind: 'number' | 'string' | 'table' | 'union' | 'numbers' | 'strings' | 'tables';
  /** of a number, or of each number of a list */
  bytes: number;
  signed: boolean;
  /** of a table, or of each table of a list */
  table: string;
  /** of a union: its type number → table */
  members: ReadonlyMap<number, string>;
}

interface TableFile {
  tables: Record<string, string[]>;
  unions: Record<string, Record<string, number>>;
  enums: Record<string, Record<string, number>>;
}

const NUMBER_BYTES: Record<string, number> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
};
/** a place of the vtable that is no longer used */
const GONE = '';

/**
 * The tables of a flatbuffer format, from a file that lists their fields in the order of the
 * vtable. null: a field that may not be set.
 */
export class Tables {
  readonly enums: TableFile['enums'];
  private readonly tables = new Map<string, (FieldType | null)[]>();
  private readonly unions: Map<string, ReadonlyMap<number, string>>;

  constructor(file: string) {
    const { tables, unions, enums } = readData<TableFile>(file);
    this.enums = enums;
    this.unions = new Map(
      Object.entries(unions).map(([name, members]) => [
        name,
        new Map(Object.entries(members).map(([table, number]) => [number, table])),
      ]),
    );
    for (const [name, fields] of Object.entries(tables))
      this.tables.set(
        name,
        fields.map((text) => (text === GONE ? null : this.fieldType(text))),
      );
  }

  fields(table: string): readonly (FieldType | null)[] {
    const fields = this.tables.get(table);
    if (fields === undefined) throw new Error(`There is no table ${table}.`);
    return fields;
  }

  private fieldType(text: string): FieldType {
    const [name, type] = text.split(' ') as [string, string];
    const list = type.startsWith('[');
    const one = type.replace(/[[\]{}]/g, '');
    const bytes = NUMBER_BYTES[one] ?? 4;
    const base = {
      name,
      bytes,
      signed: one.startsWith('i'),
      table: one,
      members: this.unions.get(one) ?? new Map<number, string>(),
    };
    if (type.startsWith('{')) return { ...base, kind: 'union' };
    const kind = Object.hasOwn(NUMBER_BYTES, one)
      ? 'number'
      : one === 'string'
        ? 'string'
        : 'table';
    return { ...base, kind: list ? `${kind}s` : kind };
  }
}
