import type { TableAt } from '../../flatbuffers/reader.ts';
import { Rejected } from '../../report.ts';
import type { BufferPlace, TfliteFile } from './model.ts';

/** Models of more than 2 GB keep data behind the flatbuffer; 0 and 1 mean that they do not. */
const NO_OFFSET = 1;

/** Data behind the flatbuffer get their owner here. */
export function readBuffers(file: TfliteFile, root: TableAt): BufferPlace[] {
  const { reader } = file;
  const places: BufferPlace[] = [];
  for (const buffer of reader.each(root, 'buffers')) {
    const { at, length: inside } = reader.list(buffer, 'data');
    const behind = ownBehind(file, buffer, { offset: 'offset', size: 'size' });
    if (inside > 0 && behind > 0)
      throw new Rejected('tflite-structure', 'A buffer has its data in two places.', buffer.at);
    places.push({ at: behind > 0 ? reader.number(buffer, 'offset') : at, bytes: inside + behind });
  }
  return places;
}

/** The fields of a table that name a range of the file. */
interface RangeFields {
  readonly offset: string;
  readonly size: string;
}

/** Data behind the flatbuffer, which a table names by two fields. Answers how many bytes. */
export function ownBehind(
  { reader, source }: TfliteFile,
  table: TableAt,
  fields: RangeFields,
): number {
  const [offset, size] = [reader.number(table, fields.offset), reader.number(table, fields.size)];
  if (offset <= NO_OFFSET && size <= NO_OFFSET) return 0;
  if (offset <= NO_OFFSET || offset + size > source.size)
    throw new Rejected(
      'tflite-reference',
      `Data at ${offset} of ${size} bytes do not lie inside of the file, which has ${source.size}.`,
      table.at,
    );
  if (size > 0) reader.owned.add(offset, offset + size);
  return size;
}
