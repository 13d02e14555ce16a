import { SAFETENSORS, block, review, type RuleArea } from './rule.ts';

export const archiveRules = {
  title: 'Models in archives',
  about:
    'A tar or a zip of model files: each member is judged by its content as if it had been uploaded alone. NeMo (.nemo) and TorchServe (.mar) say in a file of their own what a loader does with the others.',
  rules: {
    'archive-code': review(
      'high',
      'The archive holds program code, which whatever loads the model may run.',
      'Have an approver read the code, or upload it as a side file beside the Dockerfile.',
    ),
    'nemo-config': block(
      'high',
      'The configuration of a NeMo model is not plain YAML: loaders would read it in different ways, or make objects of it.',
      'Save the model again with NeMo.',
    ),
    'nemo-target': review(
      'medium',
      'The configuration makes NeMo build objects of these classes when the model is loaded.',
      'Have an approver look at the classes.',
      'Classes of NeMo, torch.nn, torch.optim, Lightning and omegaconf.',
    ),
    'nemo-target-blocked': block(
      'critical',
      'The configuration makes NeMo call something that is not a class of NeMo, PyTorch or Lightning.',
      'Save the model again with NeMo from classes of NeMo itself.',
      '`_target_`, `target` and `cls` are imported by their name and called with the values beside them.',
    ),
    'mar-code': block(
      'critical',
      'The archive for TorchServe brings its own Python code or packages, which the server runs.',
      'Serve the model from a program of your own in the Dockerfile and upload the weights alone.',
    ),
    'mar-manifest': block(
      'high',
      'The manifest of the archive for TorchServe cannot be understood.',
      'Pack the archive again with torch-model-archiver.',
    ),
    'torch-legacy-tar': block(
      'high',
      'This is a PyTorch file of before 2017 (a tar of pickles), which current loaders refuse and the scanner does not read to the byte.',
      SAFETENSORS,
    ),
  },
} as const satisfies RuleArea;
