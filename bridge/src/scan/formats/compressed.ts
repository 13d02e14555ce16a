import { bzip2 } from '../containers/compressed/bzip2.ts';
import type { Codec } from '../containers/compressed/codec.ts';
import { gzip } from '../containers/compressed/gzip.ts';
import { lz4 } from '../containers/compressed/lz4.ts';
import { lzmaAlone } from '../containers/compressed/lzma2.ts';
import { UNPACKED } from '../containers/compressed/names.ts';
import { Output } from '../containers/compressed/output.ts';
import { xz } from '../containers/compressed/xz.ts';
import { joblibZfile, zlib } from '../containers/compressed/zlib.ts';
import { zstd } from '../containers/compressed/zstd.ts';
import type { Format, ScanContext } from '../format.ts';
import { hex, Rejected } from '../report.ts';
import { BufferSource, type ByteSource } from '../source.ts';

const CODECS: readonly Codec[] = [gzip, zlib, bzip2, xz, lzmaAlone, lz4, zstd, joblibZfile];

/**
 * Compressed files of one stream. What they unpack to is judged by its content, as if it had been
 * uploaded under the name that is left.
 */
export const COMPRESSED: readonly Format[] = CODECS.map((codec) => ({
  id: codec.id,
  title: codec.title,
  extensions: codec.extensions,
  ...(codec.weak === true ? { weak: true } : {}),
  sniff: (_source, head) => codec.sniff(head),
  scan: (source, file, context) => unpackAndJudge(codec, source, file, context),
}));

function unpackAndJudge(
  codec: Codec,
  source: ByteSource,
  file: string,
  context: ScanContext,
): void {
  const { limits, budget, report } = context;
  if (source.size > limits.unpackedBytes)
    throw new Rejected(
      'limit-exceeded',
      `A compressed file may have ${limits.unpackedBytes} bytes.`,
    );
  const left = limits.unpackedBytes - budget.unpackedBytes;
  const byRatio = Math.max(source.size * limits.ratio, limits.ratioFromBytes);
  const why =
    byRatio < left
      ? `The file unpacks to more than ${limits.ratio} times its size.`
      : `The compressed parts unpack to more than ${limits.unpackedBytes} bytes.`;
  const out = new Output(Math.min(left, byRatio), why);
  const whole = report.guard(file, () => {
    const packed = source.read(0, source.size);
    const end = codec.unpack(packed, out, (doubt, offset) =>
      report.add('compressed-checksum', { file, offset, why: doubt }),
    );
    if (end === source.size) return;
    const what = codec.sniff(packed.subarray(end))
      ? 'Another stream follows; some loaders stop at the first, others read on'
      : `${source.size - end} bytes follow the compressed stream; another reader could take them for something else`;
    throw new Rejected('format-trailing-data', `${what}.`, end, hex(packed.subarray(end)));
  });
  budget.unpackedBytes += out.spent;
  if (out.length > 0) context.nested(new BufferSource(out.bytes()), file + UNPACKED);
  else if (whole) report.add('format-empty', { file, why: 'The file unpacks to nothing.' });
}
