import { readData } from '../data/read.ts';

type Scalar =
  'int32' | 'int64' | 'uint32' | 'uint64' | 'bool' | 'fixed32' | 'fixed64' | 'string' | 'bytes';

export interface FieldShape {
  name: string;
  kind: Scalar | 'message';
  repeated: boolean;
  /** repeated entries of key and value, of which each key stands once */
  map: boolean;
  /** the message of `kind` message */
  message: MessageShape | null;
  /** marks what was seen: fields of which only one may be set share it; 0 for repeated fields */
  bit: number;
  /**
   * the bit is one of the second thirty-one: the largest messages have more fields than a number
   * has bits
   */
  second: boolean;
}

/** One kind of message: its fields by their numbers. */
export interface MessageShape {
  name: string;
  fields: Map<number, FieldShape>;
}

const SCALARS = new Set<string>([
  'int32',
  'int64',
  'uint32',
  'uint64',
  'bool',
  'fixed32',
  'fixed64',
  'string',
  'bytes',
]);
/** `name type`, `name type*`, `name <key:value>`, `name type @group` */
const FIELD =
  /^([a-z0-9_]+) (?:<([a-z0-9]+):([A-Za-z0-9.]+)>|([A-Za-z0-9.]+)(\*)?)(?: @([a-z_]+))?$/;
/** bits of a number that stay exact under `|` */
const BITS_MAX = 31;

/**
 * The messages of a format, from a table that scripts/scan-messages.py wrote from the library's own
 * descriptors.
 */
export class Messages {
  private readonly shapes = new Map<string, MessageShape>();

  constructor(table: Record<string, Record<string, string>>) {
    for (const name of Object.keys(table)) this.shapes.set(name, { name, fields: new Map() });
    for (const [name, fields] of Object.entries(table)) this.fill(this.of(name), fields);
  }

  of(name: string): MessageShape {
    const shape = this.shapes.get(name);
    if (shape === undefined) throw new Error(`There is no message ${name}.`);
    return shape;
  }

  private fill(shape: MessageShape, fields: Record<string, string>): void {
    const bits = new Map<string, number>();
    for (const [number, text] of Object.entries(fields)) {
      const [, name, key, value, type, star, group] = FIELD.exec(text) ?? [];
      if (name === undefined) throw new Error(`${shape.name}: cannot read the field "${text}".`);
      const repeated = star !== undefined || key !== undefined;
      const once = group ?? name;
      if (!repeated && !bits.has(once)) bits.set(once, bits.size);
      if (bits.size > 2 * BITS_MAX) throw new Error(`${shape.name} has too many fields.`);
      const message =
        key !== undefined
          ? this.entry(`${shape.name}.${name}`, key, value!)
          : this.messageOf(type!);
      shape.fields.set(Number(number), {
        name,
        kind: message === null ? (type as Scalar) : 'message',
        repeated,
        map: key !== undefined,
        message,
        ...bitOf(repeated ? undefined : bits.get(once)),
      });
    }
  }

  /** null: of a scalar */
  private messageOf(type: string): MessageShape | null {
    return SCALARS.has(type) ? null : this.of(type);
  }

  private entry(name: string, key: string, value: string): MessageShape {
    const shape: MessageShape = { name, fields: new Map() };
    this.fill(shape, { 1: `key ${key}`, 2: `value ${value}` });
    return shape;
  }
}

function bitOf(place: number | undefined): Pick<FieldShape, 'bit' | 'second'> {
  return {
    bit: place === undefined ? 0 : 2 ** (place % BITS_MAX),
    second: place !== undefined && place >= BITS_MAX,
  };
}

export function readMessages(file: string): Messages {
  return new Messages(
    readData<{ messages: Record<string, Record<string, string>> }>(file).messages,
  );
}
