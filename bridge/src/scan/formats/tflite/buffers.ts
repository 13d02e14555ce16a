import type { FlatbufferReader, TableAt } from '../../flatbuffers/reader.ts';
import { Rejected } from '../../report.ts';

/** Models of more than 2 GB keep data behind the flatbuffer; 0 and 1 mean that they do not. */
const NO_OFFSET = 1;

/** How many bytes each buffer has. Data behind the flatbuffer get their owner here. */
export function readBuffers(reader: FlatbufferReader, root: TableAt, fileBytes: number): number[] {
  const sizes: number[] = [];
  for (const buffer of reader.each(root, 'buffers')) {
    const inside = reader.list(buffer, 'data').length;
    const behind = ownBehind(reader, fileBytes, buffer, 'offset', 'size');
    if (inside > 0 && behind > 0) throw new Rejected('tflite-structure', 'A buffer has its data in two places.', buffer.at);
    sizes.push(inside + behind);
  }
  return sizes;
}

/** Data behind the flatbuffer, which a table names by two fields. Answers how many bytes. */
export function ownBehind(reader: FlatbufferReader, fileBytes: number, table: TableAt, offsetField: string, sizeField: string): number {
  const [offset, size] = [reader.number(table, offsetField), reader.number(table, sizeField)];
  if (offset <= NO_OFFSET && size <= NO_OFFSET) return 0;
  if (offset <= NO_OFFSET || offset + size > fileBytes) throw new Rejected('tflite-reference', `Data at ${offset} of ${size} bytes do not lie inside of the file, which has ${fileBytes}.`, table.at);
  if (size > 0) reader.owned.add(offset, offset + size);
  return size;
}
