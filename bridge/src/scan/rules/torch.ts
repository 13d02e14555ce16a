import { block, review, type RuleArea } from './rule.ts';

export const torchRules = {
  title: 'PyTorch',
  about:
    'The zip of `torch.save`: `data.pkl`, the storages that it refers to, a few notes. Every member has its place.',
  rules: {
    'torch-layout': block(
      'high',
      'The zip is not laid out as PyTorch writes it.',
      'Save it again with torch.save, or as safetensors.',
    ),
    'torch-script': block(
      'high',
      'The program of a TorchScript file does more than calculate, or is not of the form that PyTorch writes.',
      'Save it again with torch.jit.save without what is named, or the state_dict as safetensors.',
      'What a program may call is in `bridge/src/scan/data/torchscript-ops.json`: the operators of an installed PyTorch without those that touch files, other machines, Python or unchecked memory (`scripts/scan-torchscript-ops.py`).',
    ),
    'torch-export': block(
      'critical',
      'The program of torch.export would be more than a graph of operators that calculate: PyTorch evaluates and compiles texts of it as Python.',
      'Export it again with torch.export.save, from PyTorch’s own operators alone, or save the state_dict as safetensors.',
      'Sizes, conditions, names of values, names of operators and how inputs are nested are held against what each may be; objects of C++ libraries, named tuples and compiled code are refused.',
    ),
    'torch-storage': block(
      'critical',
      'The pickle and the stored weights do not agree: loading could read memory that is not the file’s.',
      'Save it again with torch.save, or as safetensors.',
    ),
    'torch-sparse-tensor': review(
      'medium',
      'A sparse tensor holds the places of its values; a wrong place reads memory that is not the file’s.',
      'Load it with weights_only=True, which checks the places, or save it dense; have an approver accept the file.',
    ),
    'torch-tensor-bounds': block(
      'critical',
      'A tensor reaches beyond its storage: loading could read memory that is not the file’s.',
      'Save it again with torch.save, or as safetensors.',
    ),
  },
} as const satisfies RuleArea;
