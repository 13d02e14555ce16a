import { block, review, RESAVE, type RuleArea } from './rule.ts';

const LAYERS = 'Build the model of layers that Keras brings, and save it again.';

export const kerasRules = {
  title: 'Keras',
  about:
    'The description of the model (`config.json`, or the attributes `model_config` and `training_config`) is parsed strictly and walked to its last object. Each class and function must be one that Keras brings: `keras-classes.json`. Loaders’ own protections (`safe_mode`) are not relied on; `.h5` never had them. What Keras 2 keeps in a SavedModel is judged by the same lists; YAML, text and other JSON that hold a description, by what runs code.',
  rules: {
    'keras-code': block(
      'critical',
      'The file carries Python code that loading or calling the model runs.',
      'Replace Lambda layers by layers of Keras, or by a registered class.',
      'CVE-2024-3660, CVE-2025-9905.',
    ),
    'keras-foreign-model': block(
      'critical',
      'A layer runs a model of another library that the file carries or names.',
      'Rebuild the layer in Keras, or serve that model by itself.',
      'CVE-2026-1462.',
    ),
    'keras-module': block(
      'critical',
      'The description names a module that is not Keras; loading imports it and calls what it says.',
      LAYERS,
      'CVE-2025-1550.',
    ),
    'keras-function': block(
      'critical',
      'The description calls a part of Keras, Python or TensorFlow that does something instead of computing: fetching or reading files, loading models, changing settings.',
      LAYERS,
      'CVE-2025-8747 (`get_file`), CVE-2025-9906 (`enable_unsafe_deserialization`), CVE-2025-12638.',
    ),
    'keras-file': block(
      'critical',
      'The description names a file or an address; loading reads it, and what is read becomes part of the model.',
      'Give vocabularies as lists of words.',
      'CVE-2025-12058.',
    ),
    'keras-class': block(
      'high',
      'The description names a class or a function that Keras does not have and that is not registered under a package.',
      'Register the class with `@keras.saving.register_keras_serializable(package=…)`, or use layers of Keras.',
    ),
    'keras-custom-object': review(
      'medium',
      'The model needs a class or function of its own, which the serving code must bring.',
      'Have an approver read the serving code, or use layers of Keras.',
    ),
    'keras-class-review': review(
      'medium',
      'The description names a class or function of Keras, or of a library of the Keras team, that has not been reviewed.',
      'Use layers of Keras that are known to the scanner, or ask for a review.',
    ),
    'keras-config': block('high', 'The description is not what Keras writes.', RESAVE),
    'keras-duplicate-key': block(
      'critical',
      'A key occurs twice in one object of the description; readers differ in which one they take.',
      RESAVE,
    ),
    'keras-layout': block(
      'high',
      'The archive is not what Keras writes: `metadata.json`, `config.json`, `model.weights.h5` and vocabularies in `assets/`.',
      'Save the model again with `model.save("model.keras")`.',
    ),
  },
} as const satisfies RuleArea;
