import type { Format, ScanContext } from '../format.ts';
import { readMessages, type Messages, type MessageShape } from '../protobuf/messages.ts';
import { ProtoReader, type ProtoField } from '../protobuf/reader.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

/** a piece, and in it its text */
const FIRST_TAG = 0x0a;
/** the largest vocabularies have a quarter of a million pieces */
const OUTLINE_MAX_FIELDS = 4_000_000;
const PIECE_TYPE_MAX = 6;
const UNIT_BYTES = 4;
/** units of a trie lie in blocks of 256, one for each byte that may come next */
const BLOCK_UNITS = 256;
const LEAF = 2 ** 31;

let loaded: Messages | undefined;
const message = (name: string): MessageShape =>
  (loaded ??= readMessages('sentencepiece-messages.json')).of(name);

/**
 * The vocabulary of a tokenizer, `tokenizer.model` or `spiece.model`:
 * https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto. It has no
 * mark; it is known by its outermost fields.
 */
export const sentencepiece: Format = {
  id: 'sentencepiece',
  title: 'a SentencePiece vocabulary',
  // .model is also what XGBoost and gensim call theirs
  extensions: ['spm'],
  sniff: (source, head) => {
    if (head[0] !== FIRST_TAG || !beginsWithPiece(head)) return false;
    const outline = new ProtoReader(source, 1).outline(message('ModelProto'), OUTLINE_MAX_FIELDS);
    return outline !== null && outline.has('trainer_spec') && outline.has('normalizer_spec');
  },
  scan: scanSentencepiece,
};

/** a message of less than 16 KiB that begins with a text */
function beginsWithPiece(head: Uint8Array): boolean {
  return head[1]! < 0x80 ? head[2] === FIRST_TAG : head[2]! < 0x80 && head[3] === FIRST_TAG;
}

function scanSentencepiece(source: ByteSource, file: string, context: ScanContext): void {
  const reader = new ProtoReader(source, context.limits.protobufDepth);
  let pieces = 0;
  const rules = (field: ProtoField): void =>
    reader.read(field, message('NormalizerSpec'), {
      precompiled_charsmap: (table) =>
        checkTable(reader.bytes(table, context.limits.textBytes), table.start),
    });
  reader.read({ start: 0, end: source.size }, message('ModelProto'), {
    pieces: (field) => {
      if (++pieces > context.limits.jsonEntries)
        throw new Rejected(
          'limit-exceeded',
          `A vocabulary may have ${context.limits.jsonEntries} pieces.`,
          field.at,
        );
      reader.read(field, message('ModelProto.SentencePiece'), {
        piece: ({ start, end }) => {
          if (start === end)
            throw new Rejected('sentencepiece-structure', 'A piece is empty.', start);
        },
        type: ({ value, at }) => {
          if (value < 1n || value > BigInt(PIECE_TYPE_MAX))
            throw new Rejected(
              'sentencepiece-structure',
              `A piece is of the type ${value}, which does not exist.`,
              at,
            );
        },
      });
    },
    normalizer_spec: rules,
    denormalizer_spec: rules,
  });
}

/**
 * What letters become before they are looked up: the size of a trie, the trie (darts-clone), the
 * texts that its leaves point to. The library follows its numbers without a look at its end, so
 * that each must lead into it: first of all, its blocks must be whole.
 */
function checkTable(table: Uint8Array, at: number): void {
  if (table.length === 0) return;
  const bytes = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const wrong = (why: string, offset: number): never => {
    throw new Rejected('sentencepiece-structure', why, at + offset);
  };
  if (table.length < UNIT_BYTES) wrong('The table of letters is cut.', 0);
  const trie = bytes.getUint32(0, true);
  const units = trie / UNIT_BYTES;
  const texts = table.length - UNIT_BYTES - trie;
  if (units === 0 || units % BLOCK_UNITS !== 0 || texts <= 0)
    wrong('The trie in the table of letters does not have whole blocks, or no texts behind it.', 0);
  if (table.at(-1) !== 0)
    wrong('The last text in the table of letters does not end.', table.length - 1);
  for (let i = 0; i < units; i++) {
    const unit = bytes.getUint32(UNIT_BYTES * (i + 1), true);
    if (unit >= LEAF ? unit - LEAF >= texts : outside(i, unit, units))
      wrong('A place in the trie leads out of the table of letters.', UNIT_BYTES * (i + 1));
  }
}

/** Where the children of a unit lie: 22 bits, of which one flag makes 30. */
function outside(i: number, unit: number, units: number): boolean {
  const offset = (unit & 0x200) === 0 ? unit >>> 10 : (unit >>> 10) * BLOCK_UNITS;
  return (i ^ offset) >>> 0 >= units;
}
