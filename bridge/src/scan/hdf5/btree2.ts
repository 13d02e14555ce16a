import { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';

const HEAD_BYTES = 38;
const NODE_HEAD_BYTES = 6;
const CHECKSUM_BYTES = 4;
const DEPTH_MAX = 16;

/**
 * The newer tree: records of one size, in internal nodes as well as in leaves. Calls `each` with
 * every record in order.
 */
export function readTree2(
  file: Hdf5File,
  at: number | null,
  type: number,
  each: (record: Cursor) => void,
): void {
  const head = file.claim(at, HEAD_BYTES, 'A tree').checked();
  head.mark('BTHD');
  head.version(0);
  if (head.u8() !== type) head.fail('a tree holds records of another kind');
  const nodeBytes = head.u32();
  const recordBytes = head.u16();
  const depth = head.u16();
  head.take(2);
  const root = head.address();
  const rootRecords = head.u16();
  const total = head.length();
  if (
    recordBytes === 0 ||
    depth > DEPTH_MAX ||
    nodeBytes < NODE_HEAD_BYTES + CHECKSUM_BYTES + recordBytes
  )
    head.fail('a tree has no room for its records');
  const room = roomOf(nodeBytes, recordBytes, depth);
  let seen = 0;
  const one = (record: Cursor): void => {
    seen += 1;
    each(record);
  };
  const node = (address: number | null, count: number, level: number): number => {
    const block = file.claim(address, nodeBytes, 'A node of a tree');
    block.mark(level === 0 ? 'BTLF' : 'BTIN');
    block.version(0);
    if (block.u8() !== type) block.fail('a node belongs to another tree');
    if (count > room[level]!.records) block.fail('a node has more records than room');
    const records = Array.from({ length: count }, () => block.take(recordBytes));
    const children: [number | null, number, number][] = [];
    for (let i = 0; level > 0 && i <= count; i++)
      children.push([
        block.address(),
        block.number(room[level - 1]!.countBytes),
        level > 1 ? block.number(room[level - 1]!.totalBytes) : 0,
      ]);
    checkSum(block);
    if (level === 0) {
      records.forEach(one);
      return count;
    }
    let below = count;
    children.forEach(([child, childCount, childTotal], i) => {
      const found = node(child, childCount, level - 1);
      if (level > 1 && found !== childTotal) block.fail('a node counts the records below it wrong');
      below += found;
      if (i < count) one(records[i]!);
    });
    return below;
  };
  if (rootRecords > 0 || root !== null) node(root, rootRecords, depth);
  if (seen !== total) head.fail(`a tree should have ${total} records and has ${seen}`);
}

/** Only what is used of a node is in its checksum, which stands right behind. */
function checkSum(block: Cursor): void {
  block.take(CHECKSUM_BYTES);
  new Cursor(block.bytes.subarray(0, block.position), block.base).checked();
  block.rest();
}

interface Room {
  records: number;
  countBytes: number;
  totalBytes: number;
}

/** How many records fit into a node of each level, and how many bytes their counts take. */
function roomOf(nodeBytes: number, recordBytes: number, depth: number): Room[] {
  const leaf = Math.floor((nodeBytes - NODE_HEAD_BYTES - CHECKSUM_BYTES) / recordBytes);
  const countBytes = bytesFor(leaf);
  const levels: Room[] = [{ records: leaf, countBytes, totalBytes: 0 }];
  let total = leaf;
  for (let level = 1; level <= depth; level++) {
    const pointer = 8 + countBytes + levels[level - 1]!.totalBytes;
    const records = Math.max(
      0,
      Math.floor(
        (nodeBytes - NODE_HEAD_BYTES - CHECKSUM_BYTES - pointer) / (recordBytes + pointer),
      ),
    );
    total = (records + 1) * total + records;
    levels.push({ records, countBytes, totalBytes: bytesFor(total) });
  }
  return levels;
}

const bytesFor = (most: number): number => Math.floor(Math.log2(Math.max(1, most)) / 8) + 1;
