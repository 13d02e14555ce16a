import { int, len, varint, type Part } from './protobuf-writer.ts';

/** The messages of ONNX, for crafted models. */
export const FLOAT = 1;
const INT64 = 7;
export const pair = (number: number, key: string, value: string): Part =>
  len(number, len(1, key), len(2, value));
export const dims = (...values: (number | bigint)[]): Part =>
  Buffer.concat(values.map((value) => int(1, value)));

/** the content of a TensorProto of two floats */
export const tensor = (...parts: Part[]): Part =>
  Buffer.concat(
    parts.length > 0 ? parts : [dims(2), int(2, FLOAT), len(8, 'w'), len(9, Buffer.alloc(8))],
  );
export const external = (entries: Record<string, string>, ...parts: Part[]): Part =>
  Buffer.concat([
    dims(2),
    int(2, FLOAT),
    len(8, 'w'),
    ...Object.entries(entries).map(([key, value]) => pair(13, key, value)),
    int(14, 1),
    ...parts,
  ]);
export const indices = (...values: (number | bigint)[]): Part =>
  Buffer.concat([
    dims(values.length),
    int(2, INT64),
    len(7, ...values.map((value) => varint(value))),
  ]);
export const sparse = (values: Part, places: Part): Part =>
  Buffer.concat([len(1, values), len(2, places), len(3, varint(4))]);

export const attribute = (name: string, type: number, ...parts: Part[]): Part =>
  len(5, len(1, name), ...parts, int(20, type));
export const node = (operator: string, domain = '', ...attributes: Part[]): Part =>
  len(
    1,
    len(1, 'x'),
    len(2, 'y'),
    len(4, operator),
    ...(domain === '' ? [] : [len(7, domain)]),
    ...attributes,
  );
/** the same, as FunctionProto has it */
export const bodyNode = (operator: string, domain = '', ...attributes: Part[]): Part =>
  len(
    7,
    len(1, 'x'),
    len(2, 'y'),
    len(4, operator),
    ...(domain === '' ? [] : [len(7, domain)]),
    ...attributes,
  );
export const functionOf = (domain: string, name: string, ...parts: Part[]): Part =>
  len(25, len(1, name), len(4, 'x'), len(5, 'y'), ...parts, len(10, domain));
export const initializer = (content: Part): Part => len(5, content);
export const sparseInitializer = (content: Part): Part => len(15, content);

/** a model with this content of its graph, and these fields behind the graph */
export const model = (graph: Part[], ...rest: Part[]): Buffer =>
  Buffer.concat([int(1, 10), len(7, ...graph), len(8, len(1, ''), int(2, 21)), ...rest]);
