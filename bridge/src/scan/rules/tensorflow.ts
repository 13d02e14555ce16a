import { RESAVE, block, review, type RuleArea } from './rule.ts';

const STANDARD = 'Export the model again with operators that only compute.';

export const tensorflowRules = {
  title: 'TensorFlow SavedModel',
  about:
    'The graph and all functions of its library are walked, with the objects, signatures, assets and the checkpoint that belong to them. Pack the folder as a zip.',
  rules: {
    'tensorflow-structure': block(
      'high',
      'The model lacks what every SavedModel has, or holds it in a form that readers take differently.',
      RESAVE,
    ),
    'tensorflow-duplicate': block(
      'critical',
      'Two things of the model have one name; readers differ in which one they take.',
      RESAVE,
    ),
    'tensorflow-operator': block(
      'critical',
      'The graph calls an operator that reaches outside of the model, or that nobody knows.',
      STANDARD,
      'Known are operators of TensorFlow that compute, parse, look up, or save and restore the model itself: `tensorflow-ops.json`. Custom operators are none of them, since a library that is not part of the upload would have to bring them.',
    ),
    'tensorflow-operator-review': review(
      'medium',
      'The operator belongs to TensorFlow Text, a library that the loader must bring.',
      'Do the text processing in the serving code, or ask for a review.',
    ),
    'tensorflow-path': block(
      'critical',
      'The graph itself, or a request, decides which file is read or written.',
      STANDARD,
      'SaveV2, RestoreV2, MergeV2Checkpoints and tables read from text are part of nearly every SavedModel. They are fine while the loader gives the file: the checkpoint’s own name, or an asset. They are not while the name is a constant, an input of the model, or leads up by `..`.',
    ),
    'tensorflow-path-review': review(
      'medium',
      'A table is read from an asset for which the graph has a file elsewhere as a default; a loader that does not replace it reads that file.',
      'Export the model with TensorFlow 2, which leaves no default, or ask for a review.',
    ),
    'tensorflow-asset': block(
      'critical',
      'The name of an asset leads outside of the folder, or the asset is not there.',
      'Upload the whole folder as a zip, as the library wrote it.',
    ),
    'tensorflow-keras-code': block(
      'critical',
      'The description that Keras keeps of the model makes it run code or read files while loading.',
      'Replace Lambda layers by layers of Keras, and vocabularies in files by vocabularies in the model.',
    ),
    'tensorflow-keras-review': review(
      'medium',
      'The description that Keras keeps of the model names a function that has not been reviewed.',
      'Use layers of Keras instead.',
    ),
    'tensorflow-opaque': review(
      'medium',
      'The model carries a message of a kind that is only known to the program that wrote it.',
      RESAVE,
    ),
    'tensorflow-checkpoint': block(
      'high',
      'The index of the checkpoint breaks its format, or speaks of data that are not there.',
      RESAVE,
    ),
  },
} as const satisfies RuleArea;
