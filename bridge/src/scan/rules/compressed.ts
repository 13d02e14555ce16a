import { RESAVE, block, type RuleArea } from './rule.ts';

const REPACK = 'Compress the file again with an ordinary tool, or upload it as it is.';

export const compressedRules = {
  title: 'Compressed files',
  about:
    'gzip, zlib, bzip2, xz, lzma, lz4, zstd and the old joblib file (ZF): one stream, read to its last byte under the limits; what it unpacks to is judged by its content and called `FILE!unpacked`. joblib unpacks by itself, so such files may be called .joblib.',
  rules: {
    'compressed-structure': block(
      'high',
      'The compressed stream is damaged or not in its form.',
      REPACK,
    ),
    'compressed-header': block(
      'high',
      'What the compressed file says about itself is not true, or is something that no model file needs.',
      REPACK,
    ),
    'compressed-checksum': block(
      'high',
      'The checksum of the compressed file is wrong: the file is damaged or was changed afterwards.',
      RESAVE,
    ),
    'compressed-codec': block(
      'high',
      'The scanner has no decoder for this way of compressing, so nothing can be said about the content.',
      'Compress the file with gzip, or upload it as it is.',
    ),
  },
} as const satisfies RuleArea;
