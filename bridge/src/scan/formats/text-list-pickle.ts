import { OP } from '../pickle/opcodes.ts';
import { Reader } from '../pickle/reader.ts';
import { latin1, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

const ITEM_MAX_BYTES = 64;
/** Instructions that add no text → bytes of their arguments. */
const PASSED = new Map<number, number>([
  [OP.PROTO, 1],
  [OP.BINPUT, 1],
  [OP.LONG_BINPUT, 4],
  [OP.FRAME, 8],
  [OP.MEMOIZE, 0],
  [OP.MARK, 0],
  [OP.APPEND, 0],
  [OP.APPENDS, 0],
]);

/**
 * The items of a pickled list of short texts. The pickle has been walked and is well formed; here
 * only the instructions that a pickler uses for such a list are taken, so that nothing can make
 * another list of them than the one that is read.
 */
export function readTextList(source: ByteSource, start: number, maxItems: number): string[] {
  const reader = new Reader(source, start);
  const items: string[] = [];
  const text = (length: number): void => {
    if (length > ITEM_MAX_BYTES)
      throw new Rejected(
        'torch-storage',
        'The key of a storage is longer than PyTorch writes them.',
        reader.offset,
      );
    if (items.length >= maxItems)
      throw new Rejected('limit-exceeded', `More than ${maxItems} storages.`, reader.offset);
    items.push(latin1(source.read(reader.offset, length)));
    reader.skip(length);
  };
  let begun = false;
  for (;;) {
    const at = reader.offset;
    const op = reader.u8();
    const passed = PASSED.get(op);
    if (passed !== undefined) reader.skip(passed);
    else if (op === OP.SHORT_BINUNICODE || op === OP.SHORT_BINSTRING) text(reader.u8());
    else if (op === OP.BINUNICODE) text(reader.u32());
    else if (op === OP.EMPTY_LIST && !begun) begun = true;
    else if (op === OP.STOP && begun) return items;
    else
      throw new Rejected(
        'torch-storage',
        op === OP.STOP
          ? 'The keys of the storages are not a list.'
          : 'The keys of the storages are not a plain list of texts.',
        at,
      );
  }
}
