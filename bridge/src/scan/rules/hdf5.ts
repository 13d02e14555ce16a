import { RESAVE, block, review, type RuleArea } from './rule.ts';

export const hdf5Rules = {
  title: 'HDF5',
  about:
    'All groups, datasets and attributes are walked; trees, heaps and headers are held against the format to the byte. Each byte belongs to one part of the file. Arrays and texts that are pickles, which hickle and others keep so, are read by the rules for pickles.',
  rules: {
    'hdf5-structure': block(
      'high',
      'A header, a tree, a heap or a list of the file breaks the format.',
      RESAVE,
    ),
    'hdf5-external': block(
      'critical',
      'The file leads to another one: by an external link, data stored elsewhere, a virtual dataset or a driver of several files. Loading would read what the model names.',
      'Copy the data into the file itself and save it again.',
      'CVE-2026-1669: Keras read such files into the weights.',
    ),
    'hdf5-soft-link': review(
      'medium',
      'A member is another name of a path in the file. Keras writes none.',
      RESAVE,
    ),
    'hdf5-user-block': block(
      'high',
      'Something stands before the HDF5 file; readers of other formats may take it for theirs.',
      'Remove the user block (`h5jam`, `h5unjam`).',
    ),
    'hdf5-feature': block(
      'high',
      'The file uses a part of the format that no library of Python writes for models and that the scanner does not read.',
      'Save the model again with h5py and its default settings.',
    ),
    'hdf5-filter': block(
      'high',
      'Data are packed with a filter that HDF5 does not bring itself; reading would load a library for it.',
      'Save the data without compression, or with gzip.',
    ),
    'hdf5-datatype': block(
      'high',
      'Data are of a type that weights never have: references, times, opaque bytes, lists of lists.',
      'Save the weights as arrays of numbers.',
    ),
    'hdf5-dataset': block(
      'high',
      'The data of a dataset are not as many as its shape and type need; loading would fill memory with what the file does not hold, or read the wrong bytes.',
      RESAVE,
      'CVE-2026-0897.',
    ),
    'hdf5-leftover': review(
      'low',
      'The file holds something that was deleted or replaced, which the library does not read any more.',
      RESAVE,
    ),
    'hdf5-foreign': block(
      'high',
      'An attribute holds something that is neither text nor a pickle that could be read; PyTables and others unpickle such attributes.',
      'Save the arrays with h5py, as numpy arrays, or as safetensors.',
      'What PyTables and pandas pickle into attributes and into lists of bytes is read as a pickle, by the rules for pickles.',
    ),
  },
} as const satisfies RuleArea;
