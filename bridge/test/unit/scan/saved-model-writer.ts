import { int, len, tag, varint, type Part } from './protobuf-writer.ts';

/** The messages of TensorFlow, for crafted models. */
const STRING = 7;

export const attr = (key: string, value: Part): Part => len(5, len(1, key), len(2, value));
export const func = (name: string, key = 'f'): Part => attr(key, len(10, len(1, name)));
export const text = (value: string, key: string): Part => attr(key, len(2, value));
export const node = (
  name: string,
  op: string,
  inputs: string[] = [],
  ...attributes: Part[]
): Part =>
  Buffer.concat([len(1, name), len(2, op), ...inputs.map((input) => len(3, input)), ...attributes]);
export const constant = (name: string, ...values: string[]): Part =>
  node(
    name,
    'Const',
    [],
    attr('value', len(8, int(1, STRING), ...values.map((value) => len(8, value)))),
  );

export interface Definition {
  name: string;
  args?: string[];
  nodes: Part[];
}
const definition = ({ name, args = [], nodes }: Definition): Part =>
  len(
    1,
    len(1, len(1, name), ...args.map((arg) => len(2, len(1, arg)))),
    ...nodes.map((each) => len(3, each)),
  );

/** GraphDef */
export const graph = (nodes: Part[], functions: Definition[] = [], ...library: Part[]): Part =>
  len(2, ...nodes.map((each) => len(1, each)), len(2, ...functions.map(definition), ...library));
export const saver = (tensor = 'saver_filename:0'): Part => len(3, len(1, tensor));
export const asset = (tensor: string, filename: string): Part =>
  len(6, len(1, len(1, tensor)), len(2, filename));
export const signature = (...inputs: string[]): Part =>
  len(
    5,
    len(1, 'serving_default'),
    len(2, ...inputs.map((name) => len(1, len(1, name), len(2, len(1, `${name}:0`))))),
  );
/** SavedObjectGraph: one object for each of these, and what is bound to a function */
export const objects = (kinds: Part[], bound: Record<string, number[]> = {}): Part =>
  len(
    7,
    ...kinds.map((kind) => len(1, kind)),
    ...Object.entries(bound).map(([name, inputs]) =>
      len(2, len(1, name), len(2, len(2, ...inputs.map((value) => varint(value))))),
    ),
  );
export const assetObject = len(5, int(1, 0));
export const userObject = (metadata: string): Part =>
  len(4, len(1, '_tf_keras_layer'), len(3, metadata));

/** a SavedModel of one graph */
export const savedModel = (...meta: Part[]): Buffer => Buffer.concat([int(1, 1), len(2, ...meta)]);
/** the same, of these nodes, with the file name that a loader gives */
export const modelOf = (nodes: Part[], functions: Definition[] = [], ...meta: Part[]): Buffer =>
  savedModel(graph([node('saver_filename', 'Placeholder'), ...nodes], functions), saver(), ...meta);
export const kerasMetadata = (...configs: unknown[]): Buffer =>
  Buffer.concat(
    configs.map((config) =>
      len(
        1,
        len(3, 'root'),
        len(4, '_tf_keras_layer'),
        len(5, typeof config === 'string' ? config : JSON.stringify(config)),
      ),
    ),
  );

export interface Variable {
  name: string;
  dtype?: number;
  dims?: number[];
  shard?: number;
  offset: number;
  size: number;
}
/** variables.index, as one block of data */
export function checkpointIndex(
  variables: Variable[],
  shards = 1,
  changes: { endianness?: number; gap?: number; packed?: number; tail?: Uint8Array } = {},
): Buffer {
  const header = Buffer.concat([
    int(1, shards),
    ...(changes.endianness === undefined ? [] : [int(2, changes.endianness)]),
  ]);
  const entries: [string, Buffer][] = variables.map(
    ({ name, dtype = 1, dims = [], shard = 0, offset, size }) => [
      name,
      Buffer.concat([
        int(1, dtype),
        len(2, ...dims.map((dim) => len(2, int(1, dim)))),
        int(3, shard),
        int(4, offset),
        int(5, size),
        tag(6, 5),
        Buffer.alloc(4),
      ]),
    ],
  );
  const block = (rows: [string, Uint8Array][]): Buffer => {
    const body = Buffer.concat(
      rows.flatMap(([key, value]) => [
        varint(0),
        varint(key.length),
        varint(value.length),
        Buffer.from(key),
        Buffer.from(value),
      ]),
    );
    return Buffer.concat([
      body,
      Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]),
      Buffer.from([changes.packed ?? 0]),
      Buffer.alloc(4),
    ]);
  };
  const data = block([['', header], ...entries]);
  const gap = Buffer.alloc(changes.gap ?? 0, 1);
  const meta = block([]);
  const place = (start: number, bytes: Buffer): Buffer =>
    Buffer.concat([varint(start), varint(bytes.length - 5)]);
  const index = block([['~', place(0, data)]]);
  const metaStart = data.length + gap.length;
  const footer = Buffer.concat([place(metaStart, meta), place(metaStart + meta.length, index)]);
  const mark = Buffer.from([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
  return Buffer.concat([
    data,
    gap,
    meta,
    index,
    footer,
    Buffer.from(changes.tail ?? Buffer.alloc(0)),
    Buffer.alloc(40 - footer.length - (changes.tail?.length ?? 0)),
    mark,
  ]);
}
