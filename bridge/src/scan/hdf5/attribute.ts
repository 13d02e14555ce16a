import type { Cursor } from './cursor.ts';
import { readDataspace, type Dataspace } from './dataspace.ts';
import { readDatatype, type Datatype } from './datatype.ts';
import type { GlobalHeap } from './global-heap.ts';

export interface Attribute {
  name: string;
  at: number;
  type: Datatype;
  space: Dataspace;
  data: Cursor;
  /** what the attribute says, where it holds text */
  texts: Buffer[] | null;
}

const CHARACTER_SETS = 1;

/** A named value of a group or dataset. Texts of any length are fetched from where they lie. */
export function readAttribute(body: Cursor, heap: GlobalHeap): Attribute {
  const at = body.at;
  const version = body.version(1, 2, 3);
  if (version === 1) body.zeros(1);
  // bits of shared datatypes and dataspaces
  else if (body.u8() !== 0) body.fail('the datatype of an attribute lies in another object');
  const nameBytes = body.u16();
  const typeBytes = body.u16();
  const spaceBytes = body.u16();
  if (version === 3 && body.u8() > CHARACTER_SETS)
    body.fail('the characters of a name are of an unknown set');
  const part = (bytes: number): Cursor => {
    const taken = body.take(bytes);
    if (version === 1) body.zeros((8 - (bytes % 8)) % 8);
    return taken;
  };
  const name = attributeName(part(nameBytes));
  const typePart = part(typeBytes);
  const type = readDatatype(typePart);
  typePart.rest();
  const spacePart = part(spaceBytes);
  const space = readDataspace(spacePart);
  spacePart.rest();
  const bytes = type.size * space.elements;
  if (bytes > body.left)
    body.fail(`the attribute ${JSON.stringify(name.slice(0, 80))} ends before its data`);
  const data = body.take(bytes);
  // padding of the message around it
  body.rest();
  return { name, at, type, space, data, texts: textsOf(type, space.elements, data, heap) };
}

function attributeName(part: Cursor): string {
  const end = part.bytes.indexOf(0);
  if (end <= 0) return part.fail('an attribute has no name');
  const name = part.bytes.subarray(0, end);
  part.take(end);
  part.rest();
  return name.toString('utf8');
}

function textsOf(
  type: Datatype,
  elements: number,
  data: Cursor,
  heap: GlobalHeap,
): Buffer[] | null {
  if (type.kind === 'text')
    return Array.from({ length: elements }, () => data.take(type.size).bytes);
  if (type.kind !== 'text-elsewhere') return null;
  return Array.from({ length: elements }, () => {
    const bytes = data.u32();
    const at = data.address();
    const index = data.u32();
    // a text without characters lies nowhere
    return (at === null || at === 0) && bytes === 0 ? Buffer.alloc(0) : heap.take(at, index, bytes);
  });
}
