import { RESAVE, SAFETENSORS, block, review, type RuleArea } from './rule.ts';

export const pickleRules = {
  title: 'Pickle',
  about:
    'A pickle is a program. The scanner walks it instruction by instruction as Python would, without building or running anything, and knows every class and function it may name by its exact name (`bridge/src/scan/data/`).',
  rules: {
    'pickle-structure': block(
      'high',
      'The pickle breaks the rules of its format. A loader runs what stands before the fault.',
      RESAVE,
    ),
    'pickle-frame': block(
      'critical',
      'An instruction does not keep to its frame; loaders that read from a file and from memory see different programs.',
      RESAVE,
    ),
    'pickle-memo': block(
      'high',
      'The pickle uses a memo slot that was never filled, or an index no pickler writes.',
      RESAVE,
    ),
    'pickle-number': block('high', 'A number is written in a form that no pickler writes.', RESAVE),
    'pickle-opcode-blocked': block(
      'critical',
      'The instruction fetches something from outside of the file.',
      SAFETENSORS,
      'EXT1, EXT2, EXT4, PERSID and NEXT_BUFFER.',
    ),
    'pickle-global-blocked': block(
      'critical',
      'Loading the file imports something that is not on the list of harmless classes and functions.',
      SAFETENSORS,
      'The list holds exact pairs of module and name, reviewed by hand (`reviewed.json`) or generated from the classes of numpy, scipy, scikit-learn, pandas, xgboost, lightgbm, PyTorch and smaller libraries (`generated.json`, by `scripts/scan-allowlist.py`). A dotted name never counts as its first part. Where the file is honest, the class is one of your own: save its numbers instead of the object.',
    ),
    'pickle-global-review': review(
      'medium',
      'The file names a class of a known library that has not been reviewed for loading.',
      'Have an approver look at the class, or save the weights as safetensors.',
      'A class of numpy, scipy, scikit-learn, pandas, torch, xgboost, lightgbm, catboost, imbalanced-learn, category_encoders, feature-engine, mlxtend or statsmodels that runs code of its own while loading, or that this version of the list has not seen.',
    ),
    'pickle-global-computed': block(
      'critical',
      'What is imported is computed while loading, so it cannot be known beforehand.',
      SAFETENSORS,
    ),
    'pickle-call-blocked': block(
      'critical',
      'Loading the file calls something that may not be called.',
      SAFETENSORS,
    ),
    'pickle-call-arguments': block(
      'critical',
      'A permitted function is called with arguments that it is never given by honest picklers.',
      SAFETENSORS,
    ),
    'pickle-state-on-global': block(
      'critical',
      'Loading the file changes a class, a function or a module of the running program.',
      SAFETENSORS,
      'BUILD, SETITEM and APPEND may fill what the file itself made, never a class, function or module of the program that loads it.',
    ),
    'pickle-state-blocked': block(
      'high',
      'State is put into an object that does not take any.',
      SAFETENSORS,
    ),
    'pickle-persistent-id': block(
      'high',
      'The file refers to outside data in a way that only PyTorch files do, and not in their form.',
      RESAVE,
    ),
    'pickle-inline-array': block(
      'high',
      'joblib keeps arrays between the instructions; here they are not in the form that joblib writes, or the file is not called .joblib and a plain loader would find a program in the numbers.',
      'Save with joblib.dump under the extension .joblib, or with pickle.dump.',
    ),
    'pickle-arrow-array': review(
      'low',
      'The file holds arrays of Arrow of an unusual kind: raw memory and its description, which pyarrow does not compare while loading. Numbers and texts, as in pandas 3, are compared by the scanner.',
      'Load it where no secrets are, or save the frame as Parquet, the numbers as npy; have an approver accept the file.',
    ),
    'pickle-embedded': review(
      'medium',
      'Bytes or a text inside look like another pickle. Loading this file does not run it, but code could.',
      'Have an approver find out what it is for.',
      'Bytes as they are; text in base64 or as hexadecimal digits.',
    ),
  },
} as const satisfies RuleArea;
