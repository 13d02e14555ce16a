import { Rejected } from '../report.ts';
import type { Cursor } from './cursor.ts';
import type { Hdf5File } from './file.ts';

/** Messages of object headers, by the names of the format's description. */
export const MESSAGE = {
  nil: 0x00,
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFillValue: 0x04,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  groupInfo: 0x0a,
  filters: 0x0b,
  attribute: 0x0c,
  comment: 0x0d,
  oldTime: 0x0e,
  continuation: 0x10,
  symbolTable: 0x11,
  time: 0x12,
  treeK: 0x13,
  attributeInfo: 0x15,
  references: 0x16,
} as const;
const REPEATABLE: readonly number[] = [
  MESSAGE.nil,
  MESSAGE.link,
  MESSAGE.attribute,
  MESSAGE.continuation,
];
const KNOWN = new Set<number>(Object.values(MESSAGE));
const SHARED = 0x02;
const FAIL_IF_UNKNOWN = 0x88;
const SHARABLE = 0x45;
const MESSAGES_MAX = 65_536;
const PREFIX_V1_BYTES = 16;
const CHECKSUM_BYTES = 4;

/** How the blocks of one header are written. */
interface HeaderForm {
  /** bytes in front of a message */
  readonly headBytes: number;
  /** with which further blocks begin, which then have a checksum */
  readonly mark: string | null;
  readonly readMessage: (block: Cursor) => Message;
}

interface Message {
  type: number;
  body: Cursor;
}

export interface ObjectHeader {
  at: number;
  messages: Message[];
}

/** All messages of one object, through all its blocks. */
export function readObjectHeader(file: Hdf5File, at: number): ObjectHeader {
  const isNew = file.peek(at, 4, 'An object header').text(4) === 'OHDR';
  const messages = isNew ? readNew(file, at) : readOld(file, at);
  const seen = new Set<number>();
  for (const { type, body } of messages) {
    if (seen.has(type) && !REPEATABLE.includes(type))
      body.fail(
        `the object has two messages of type ${type}; readers differ in which one they take`,
        0,
      );
    seen.add(type);
  }
  return {
    at,
    messages: messages.filter(({ type }) => type !== MESSAGE.nil && type !== MESSAGE.continuation),
  };
}

function readOld(file: Hdf5File, at: number): Message[] {
  const prefix = file.peek(at, PREFIX_V1_BYTES, 'An object header');
  prefix.version(1);
  prefix.zeros(1);
  const count = prefix.u16();
  prefix.u32();
  const bytes = prefix.u32();
  prefix.zeros(4);
  const first = file.claim(at, PREFIX_V1_BYTES + bytes, 'An object header');
  first.take(PREFIX_V1_BYTES);
  const messages = readBlocks(file, first, {
    headBytes: 8,
    mark: null,
    readMessage: (block) => {
      const type = block.u16();
      const size = block.u16();
      const flags = block.u8();
      block.zeros(3);
      if (size % 8 !== 0) block.fail('a message is not padded to 8 bytes');
      return message(type, flags, block.take(size));
    },
  });
  if (messages.length !== count)
    throw new Rejected(
      'hdf5-structure',
      `An object header says that it has ${count} messages; it has ${messages.length}.`,
      at,
    );
  return messages;
}

function readNew(file: Hdf5File, at: number): Message[] {
  const flags = file.peek(at, 6, 'An object header').bytes[5]!;
  if (flags >= 0x40)
    throw new Rejected('hdf5-structure', 'An object header has unknown flags.', at + 5);
  const tracksOrder = (flags & 0x04) !== 0;
  const before = 6 + ((flags & 0x20) === 0 ? 0 : 16) + ((flags & 0x10) === 0 ? 0 : 4);
  const sizeBytes = 1 << (flags & 3);
  const prefix = file.peek(at, before + sizeBytes, 'An object header');
  prefix.mark('OHDR');
  prefix.version(2);
  prefix.take(before - 5);
  const bytes = prefix.number(sizeBytes);
  const first = file
    .claim(at, before + sizeBytes + bytes + CHECKSUM_BYTES, 'An object header')
    .checked();
  first.take(before + sizeBytes);
  return readBlocks(file, first, {
    headBytes: tracksOrder ? 6 : 4,
    mark: 'OCHK',
    readMessage: (block) => {
      const type = block.u8();
      const size = block.u16();
      const messageFlags = block.u8();
      if (tracksOrder) block.u16();
      return message(type, messageFlags, block.take(size));
    },
  });
}

/** The first block and those that it, or one of them, is continued in. */
function readBlocks(
  file: Hdf5File,
  first: Cursor,
  { headBytes, mark, readMessage }: HeaderForm,
): Message[] {
  const messages: Message[] = [];
  const blocks = [first];
  for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
    while (block.left >= headBytes) {
      const found = readMessage(block);
      if (messages.push(found) > MESSAGES_MAX)
        throw new Rejected(
          'limit-exceeded',
          `An object has more than ${MESSAGES_MAX} messages.`,
          block.at,
        );
      if (found.type !== MESSAGE.continuation) continue;
      const at = found.body.address();
      const claimed = file.claim(at, found.body.length(), 'The continuation of an object header');
      const more = mark === null ? claimed : claimed.checked();
      if (mark !== null) more.mark(mark);
      blocks.push(more);
    }
    block.rest();
  }
  return messages;
}

function message(type: number, flags: number, body: Cursor): Message {
  if (!KNOWN.has(type))
    throw new Rejected(
      'hdf5-feature',
      `An object has a message of the unknown type ${type}${(flags & FAIL_IF_UNKNOWN) === 0 ? '' : ', which readers must not ignore'}.`,
      body.base,
    );
  if ((flags & SHARED) !== 0)
    throw new Rejected(
      'hdf5-feature',
      'A message lies in another object than the one it belongs to, e.g. in a committed datatype; Keras writes none.',
      body.base,
    );
  if ((flags & ~(SHARABLE | FAIL_IF_UNKNOWN)) !== 0)
    body.fail('a message has flags that mark it as changed by a program that did not know it');
  if (type === MESSAGE.nil) body.rest();
  return { type, body };
}
