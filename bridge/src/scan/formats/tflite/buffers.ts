import type { FlatbufferReader, TableAt } from '../../flatbuffers/reader.ts';
import { Rejected } from '../../report.ts';

/** Models of more than 2 GB keep data behind the flatbuffer; 0 and 1 mean that they do not. */
const NO_OFFSET = 1;

/** Where the data of a buffer are. */
export interface BufferPlace {
  at: number;
  bytes: number;
}

/** Data behind the flatbuffer get their owner here. */
export function readBuffers(
  reader: FlatbufferReader,
  root: TableAt,
  fileBytes: number,
): BufferPlace[] {
  const places: BufferPlace[] = [];
  for (const buffer of reader.each(root, 'buffers')) {
    const { at, length: inside } = reader.list(buffer, 'data');
    const behind = ownBehind(reader, fileBytes, buffer, 'offset', 'size');
    if (inside > 0 && behind > 0)
      throw new Rejected('tflite-structure', 'A buffer has its data in two places.', buffer.at);
    places.push({ at: behind > 0 ? reader.number(buffer, 'offset') : at, bytes: inside + behind });
  }
  return places;
}

/** Data behind the flatbuffer, which a table names by two fields. Answers how many bytes. */
export function ownBehind(
  reader: FlatbufferReader,
  fileBytes: number,
  table: TableAt,
  offsetField: string,
  sizeField: string,
): number {
  const [offset, size] = [reader.number(table, offsetField), reader.number(table, sizeField)];
  if (offset <= NO_OFFSET && size <= NO_OFFSET) return 0;
  if (offset <= NO_OFFSET || offset + size > fileBytes)
    throw new Rejected(
      'tflite-reference',
      `Data at ${offset} of ${size} bytes do not lie inside of the file, which has ${fileBytes}.`,
      table.at,
    );
  if (size > 0) reader.owned.add(offset, offset + size);
  return size;
}
