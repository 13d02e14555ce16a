import { expect } from 'chai';
import { Messages } from '../../../src/scan/protobuf/messages.ts';
import { ProtoReader } from '../../../src/scan/protobuf/reader.ts';
import { Rejected } from '../../../src/scan/report.ts';
import { BufferSource } from '../../../src/scan/source.ts';
import { entry, f32, int, len, tag, varint } from './protobuf-writer.ts';

const messages = new Messages({
  Node: {
    1: 'name string',
    2: 'id int32',
    3: 'child Node*',
    4: 'list int64*',
    5: 'floats fixed32*',
    6: 'flag bool',
    7: 'one int64 @group',
    8: 'other string @group',
    9: 'map <string:Node>',
    10: 'size uint32',
    11: 'wide fixed64',
  },
});
const bytes = (...parts: Uint8Array[]): Buffer => Buffer.concat(parts);

function ruleOf(buffer: Buffer, depth = 10): string | null {
  try {
    new ProtoReader(new BufferSource(buffer), depth).read(
      { start: 0, end: buffer.length },
      messages.of('Node'),
    );
    return null;
  } catch (error) {
    if (error instanceof Rejected) return error.rule;
    throw error;
  }
}

describe('protocol buffers', () => {
  const cases: [string, string | null, Buffer][] = [
    ['an empty message', null, bytes()],
    [
      'every kind of field',
      null,
      bytes(
        len(1, 'a'),
        int(2, -1),
        len(3, int(2, 5)),
        int(4, 1),
        len(4, varint(1), varint(2n ** 63n)),
        len(5, Buffer.alloc(8)),
        f32(5, 1),
        int(6, 1),
        int(7, 3),
        entry(9, 'k', len(2, int(2, 1))),
        int(10, 2 ** 32 - 1),
        tag(11, 1),
        Buffer.alloc(8),
      ),
    ],
    ['fields in another order', null, bytes(int(2, 1), len(1, 'a'))],
    ['a map with two keys', null, bytes(entry(9, 'a', len(2)), entry(9, 'b', len(2)))],
    ['a number in a longer form', 'protobuf-wire', bytes(tag(2, 0), Buffer.from([0x81, 0x00]))],
    ['a tag in a longer form', 'protobuf-wire', Buffer.from([0x90, 0x00, 0x01])],
    [
      'a length in a longer form',
      'protobuf-wire',
      bytes(tag(1, 2), Buffer.from([0x81, 0x00, 0x61])),
    ],
    [
      'a number of eleven bytes',
      'protobuf-wire',
      bytes(tag(4, 0), Buffer.alloc(10, 0xff), Buffer.from([1])),
    ],
    [
      'a number of 65 bits',
      'protobuf-wire',
      bytes(tag(4, 0), Buffer.alloc(9, 0xff), Buffer.from([2])),
    ],
    ['a cut number', 'protobuf-wire', bytes(tag(4, 0), Buffer.from([0x80]))],
    ['a length beyond the message', 'protobuf-wire', bytes(tag(1, 2), varint(2), Buffer.from('a'))],
    ['a length of 2^63', 'protobuf-wire', bytes(tag(1, 2), varint(2n ** 63n))],
    ['a child that is longer than its parent', 'protobuf-wire', len(3, tag(1, 2), varint(5))],
    ['a cut float', 'protobuf-wire', bytes(tag(5, 5), Buffer.alloc(3))],
    ['a list that ends inside of a float', 'protobuf-wire', len(5, Buffer.alloc(7))],
    ['a list that ends inside of a number', 'protobuf-wire', len(4, Buffer.from([0x80]))],
    ['a group', 'protobuf-wire', bytes(tag(3, 3), tag(3, 4))],
    ['wire type 7', 'protobuf-wire', tag(1, 7)],
    ['field 0', 'protobuf-wire', int(0, 1)],
    ['the wire type of another field', 'protobuf-wire', int(1, 1)],
    ['a packed field that is no list', 'protobuf-wire', len(2, varint(1))],
    ['an int32 of 33 bits', 'protobuf-wire', int(2, 2n ** 32n + 1n)],
    ['an int32 whose sign is not carried on', 'protobuf-wire', int(2, 2n ** 32n - 1n)],
    ['a uint32 of 33 bits', 'protobuf-wire', int(10, 2n ** 32n)],
    ['true as 2', 'protobuf-wire', int(6, 2)],
    ['text that is not UTF-8', 'protobuf-wire', len(1, Buffer.from([0xff]))],
    ['text that ends inside of a letter', 'protobuf-wire', len(1, Buffer.from([0xc3]))],
    ['an unknown field', 'protobuf-unknown-field', int(99, 1)],
    ['an unknown field inside', 'protobuf-unknown-field', len(3, len(3, int(99, 1)))],
    ['a field twice', 'protobuf-duplicate-field', bytes(len(1, 'a'), len(1, 'b'))],
    ['two of a group of one', 'protobuf-duplicate-field', bytes(int(7, 1), len(8, 'b'))],
    [
      'a key of a map twice',
      'protobuf-duplicate-field',
      bytes(entry(9, 'a', len(2)), entry(9, 'a', len(2))),
    ],
    [
      'a key twice inside of one entry',
      'protobuf-duplicate-field',
      len(9, len(1, 'a'), len(1, 'b')),
    ],
    [
      'an unknown field in the value of an entry',
      'protobuf-unknown-field',
      entry(9, 'a', len(2, int(99, 1))),
    ],
    [
      'messages in messages',
      'limit-exceeded',
      Array.from({ length: 12 }).reduce<Buffer>((inner) => len(3, inner), Buffer.alloc(0)),
    ],
  ];
  for (const [what, rule, buffer] of cases)
    it(`${what} → ${rule ?? 'read'}`, () => expect(ruleOf(buffer)).to.equal(rule));

  it('gives handlers the values, the elements of lists and the keys of maps', () => {
    const buffer = bytes(
      len(1, 'grüße'),
      int(2, -7),
      len(4, varint(3), varint(-1n)),
      len(5, Buffer.alloc(12)),
      entry(9, 'k', len(2, int(2, 9))),
      int(4, 5),
    );
    const reader = new ProtoReader(new BufferSource(buffer), 10);
    const seen: unknown[] = [];
    reader.read({ start: 0, end: buffer.length }, messages.of('Node'), {
      name: (field) => seen.push(reader.text(field)),
      id: (field) => seen.push(field.value),
      list: (field) => reader.eachNumber(field, (value) => seen.push(value)),
      floats: (field) => seen.push(field.count),
      map: (field) =>
        reader.read(field, messages.of('Node'), {
          id: ({ value }) => seen.push([field.key, value]),
        }),
    });
    expect(seen).to.deep.equal(['grüße', -7n, 3n, -1n, 3, ['k', 9n], 5n]);
  });
});
