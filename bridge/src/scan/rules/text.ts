import { block, review, type RuleArea } from './rule.ts';

export const textRules = {
  title: 'Text',
  about: 'Side files that people can read.',
  rules: {
    'yaml-python-tag': block(
      'high',
      'A tag asks loaders of YAML to import or call something of Python; no setting needs that.',
      'Write plain values; load with yaml.safe_load.',
    ),
    'settings-target': block(
      'high',
      'A setting names what loaders import and call, and it is nothing that a model consists of.',
      'Name a class of the library that the model is made with, or remove the setting.',
      '`_target_` of hydra, `class_path` of Lightning, `py/object` of jsonpickle, in JSON and YAML.',
    ),
    'settings-remote-code': review(
      'high',
      'A setting makes a library import code that is not its own.',
      'Have an approver read that code, or remove the setting.',
      '`custom_pipelines`, `trust_remote_code`, modules of model_index.json, and classes that hydra and others are told to make, where their library is not known.',
    ),
    'settings-path': block(
      'high',
      'A setting names a file outside of the folder of the model, which a loader would read.',
      'Name files that lie beside it.',
      'The files of `weight_map` in the index of a model in parts.',
    ),
    'settings-resolver': review(
      'medium',
      'A value is computed when the settings are read: by a function that the loading program has registered, or from its environment.',
      'Write the value itself, or have an approver look at it.',
      '`${oc.env:NAME}` and other resolvers of OmegaConf; those that only look up or calculate are fine, those that run text block.',
    ),
    'text-encoding': block(
      'medium',
      'A text file must be UTF-8 without control characters.',
      'Save the file as UTF-8 text.',
    ),
  },
} as const satisfies RuleArea;
