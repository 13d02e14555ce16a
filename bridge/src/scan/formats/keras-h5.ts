import type { Format, ScanContext } from '../format.ts';
import type { Stored } from '../hdf5/dataset.ts';
import { superblockAt } from '../hdf5/superblock.ts';
import { walkHdf5 } from '../hdf5/walk.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { DataJudge } from './hdf5-data.ts';
import { judgeAttribute, marksKeras } from './keras-attributes.ts';

/** how far in a superblock is looked for: a user block is a text or a small header */
const USER_BLOCK_MAX = 1024 * 1024;
/** bfloat16 and 8-bit floats, which HDF5 has no name for */
const SMALL_FLOAT_BYTES = 2;

/** HDF5: models and weights of Keras, and plain arrays. */
export const kerasH5: Format = {
  id: 'hdf5',
  title: 'HDF5 (Keras .h5)',
  // TensorFlow before 2.12 wrote HDF5 under the name .keras, and loaders still take it
  extensions: ['h5', 'hdf5', 'hdf', 'he5', 'keras'],
  sniff: (source) => superblockAt(source, USER_BLOCK_MAX) !== null,
  scan: scanHdf5,
};

function scanHdf5(source: ByteSource, file: string, context: ScanContext): void {
  const { report } = context;
  const at = superblockAt(source, USER_BLOCK_MAX);
  if (at === null)
    throw new Rejected(
      'hdf5-structure',
      'The name says HDF5; the content does not begin like it.',
      0,
    );
  if (at !== 0)
    throw new Rejected(
      'hdf5-user-block',
      `The HDF5 file begins at byte ${at}; what stands before it belongs to nobody.`,
      0,
    );
  const judge = new DataJudge(file, context);
  walkHdf5(source, context.limits, {
    tell: (rule, place) => report.add(rule, { file, ...place }),
    attribute: (path, attribute) => {
      if (path === '/' && marksKeras(attribute)) report.formats[file] = 'keras-h5';
      judgeAttribute(path, attribute, file, context);
    },
    element: (dataset, bytes, offset) => judge.element(dataset, bytes, offset),
    data: (dataset, data) => judge.data(dataset, data),
    dataset: (dataset) => {
      const what = notOfWeights(dataset);
      if (what !== null)
        report.add('hdf5-datatype', {
          file,
          offset: dataset.at,
          symbol: dataset.path,
          why: `The dataset holds ${what}, which weights never are.`,
        });
    },
  });
}

function notOfWeights({ type }: Stored): string | null {
  if (type.kind === 'other') return type.what;
  return type.kind === 'opaque' && type.size > SMALL_FLOAT_BYTES
    ? `opaque elements of ${type.size} bytes`
    : null;
}
