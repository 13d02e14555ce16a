import { RESAVE, block, type RuleArea } from './rule.ts';

export const contentRules = {
  title: 'What a file is',
  about: 'A file is identified by its content. The extension is a claim that must agree.',
  rules: {
    'format-not-understood': block(
      'high',
      'No parser of the scanner understands this file, so nothing can be said about it.',
      'Convert the model to safetensors, a plain pickle, a PyTorch zip, npy or npz.',
      'Read today: safetensors, pickle (raw, protocols 0 to 5), joblib in all its ways of compressing, PyTorch (zip, TorchScript, archives of torch.export, and what torch.save wrote before 1.6), npy, npz, ONNX, TensorFlow SavedModel (as a zip of its folder), frozen graphs, checkpoints and TensorFlow Lite, Keras (`.keras`, `.h5`, `.weights.h5`) and HDF5 of arrays, GGUF, gzip, bzip2, xz, lzma, lz4 and zstd, tar and zip of such files, NeMo, TorchServe, SentencePiece vocabularies, text and JSON side files, Dockerfile. Recognised and refused: 7z, RAR and others.',
    ),
    'format-ambiguous': block(
      'critical',
      'The file can be read as two different formats; a loader may see something else than the scanner.',
      RESAVE,
    ),
    'format-extension-mismatch': block(
      'high',
      'The content is not what the extension says; a loader that goes by the extension reads it differently.',
      'Rename the file to what it is, or upload the file you meant.',
    ),
    'format-executable': block(
      'critical',
      'This is machine code or byte code, which nobody can judge by reading.',
      'Install programs and libraries in the Dockerfile, from a package with a version.',
    ),
    'format-empty': block('medium', 'The file has no bytes.', 'Upload the file again.'),
    'format-trailing-data': block(
      'high',
      'There are bytes that do not belong to the format; another reader could take them for something else.',
      RESAVE,
    ),
    'claimed-data-range': block(
      'high',
      'Raw data do not match what the file beside them says: bytes belong to nobody, or are missing.',
      RESAVE,
    ),
    'claimed-data-digest': block(
      'critical',
      'The checksum that a model states for its data file is not the one that the file has.',
      RESAVE,
    ),
    'format-nested-too-deep': block(
      'high',
      'Containers lie in containers deeper than the scanner follows.',
      'Unpack the inner containers before uploading.',
    ),
  },
} as const satisfies RuleArea;
