import { OP } from '../pickle/opcodes.ts';
import { Reader } from '../pickle/reader.ts';
import { latin1, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';

const ITEM_MAX_BYTES = 64;

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
    switch (op) {
      case OP.PROTO:
      case OP.BINPUT:
        reader.skip(1);
        break;
      case OP.FRAME:
        reader.skip(8);
        break;
      case OP.LONG_BINPUT:
        reader.skip(4);
        break;
      case OP.MEMOIZE:
      case OP.MARK:
      case OP.APPEND:
      case OP.APPENDS:
        break;
      case OP.EMPTY_LIST:
        if (begun)
          throw new Rejected(
            'torch-storage',
            'The keys of the storages are not a plain list of texts.',
            at,
          );
        begun = true;
        break;
      case OP.SHORT_BINUNICODE:
      case OP.SHORT_BINSTRING:
        text(reader.u8());
        break;
      case OP.BINUNICODE:
        text(reader.u32());
        break;
      case OP.STOP:
        if (begun) return items;
        throw new Rejected('torch-storage', 'The keys of the storages are not a list.', at);
      default:
        throw new Rejected(
          'torch-storage',
          'The keys of the storages are not a plain list of texts.',
          at,
        );
    }
  }
}
