import { readTree2 } from './btree2.ts';
import { lookup3 } from './checksum.ts';
import type { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';
import { FractalHeap } from './fractal-heap.ts';
import { readLink, type Link } from './links.ts';

const LINKS_BY_NAME = 5;
const LINKS_BY_ORDER = 6;
const ATTRIBUTES_BY_NAME = 8;
const ATTRIBUTES_BY_ORDER = 9;
const TRACKED = 1;
const INDEXED = 2;
const ATTRIBUTE_ID_BYTES = 8;

/** The links of a group of the newer form that has so many that they lie in a heap. */
export function readDenseLinks(file: Hdf5File, body: Cursor): Link[] {
  const { heap, byName, byOrder } = readPlaces(file, body, 8);
  if (heap === null) return [];
  const links: Link[] = [];
  const places = new Set<string>();
  readTree2(file, byName, LINKS_BY_NAME, (record) => {
    const hash = record.u32();
    places.add(record.bytes.toString('hex', record.position));
    const link = readLink(heap.object(record));
    // who looks for a name goes by the hash, who lists does not
    if (lookup3(Buffer.from(link.name)) !== hash)
      record.fail('a link is filed under another name than its own', 0);
    links.push(link);
  });
  checkOrder(file, { at: byOrder, type: LINKS_BY_ORDER }, places, (record) => {
    record.take(8);
    return record.bytes.toString('hex', record.position);
  });
  return links;
}

/**
 * The attributes of an object that has so many, or so large ones, that they lie in a heap: their
 * messages.
 */
export function readDenseAttributes(file: Hdf5File, body: Cursor): Cursor[] {
  const { heap, byName, byOrder } = readPlaces(file, body, 2);
  if (heap === null) return [];
  const messages: Cursor[] = [];
  const places = new Set<string>();
  const idOf = (record: Cursor): string => record.take(ATTRIBUTE_ID_BYTES).bytes.toString('hex');
  readTree2(file, byName, ATTRIBUTES_BY_NAME, (record) => {
    places.add(idOf(record));
    if (record.u8() !== 0) record.fail('an attribute in a heap has flags');
    record.position = 0;
    messages.push(heap.object(record));
  });
  checkOrder(file, { at: byOrder, type: ATTRIBUTES_BY_ORDER }, places, idOf);
  return messages;
}

function readPlaces(
  file: Hdf5File,
  body: Cursor,
  orderBytes: number,
): { heap: FractalHeap | null; byName: number | null; byOrder: number | null } {
  body.version(0);
  const flags = body.u8();
  if (flags > (TRACKED | INDEXED)) body.fail('a list of members has unknown flags');
  if ((flags & TRACKED) !== 0) body.number(orderBytes);
  const heapAt = body.address();
  const byName = body.address();
  const byOrder = (flags & INDEXED) === 0 ? null : body.address();
  body.rest();
  if ((heapAt === null) !== (byName === null))
    body.fail(
      'the members of an object lie in a heap without a tree, or in a tree without a heap',
      0,
    );
  return { heap: heapAt === null ? null : new FractalHeap(file, heapAt), byName, byOrder };
}

interface OrderTree {
  readonly at: number | null;
  readonly type: number;
}

/** The tree by order of creation must name the same things as that by name. */
function checkOrder(
  file: Hdf5File,
  { at, type }: OrderTree,
  places: Set<string>,
  place: (record: Cursor) => string,
): void {
  if (at === null) return;
  let count = 0;
  readTree2(file, at, type, (record) => {
    count += 1;
    if (!places.has(place(record))) record.fail('two lists of the members of one object differ', 0);
  });
  if (count !== places.size)
    file.peek(at, 1, 'A tree').fail('two lists of the members of one object differ');
}
