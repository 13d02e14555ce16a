import { block, type RuleArea } from './rule.ts';

export const torchRules = {
  title: 'PyTorch',
  about: 'The zip of `torch.save`: `data.pkl`, the storages that it refers to, a few notes. Every member has its place.',
  rules: {
    'torch-layout': block('high', 'The zip is not laid out as PyTorch writes it.', 'Save it again with torch.save, or as safetensors.'),
    'torch-script': block('high', 'TorchScript holds a program; the scanner does not read it yet.', 'Save the state_dict as safetensors.'),
    'torch-storage': block('critical', 'The pickle and the stored weights do not agree: loading could read memory that is not the file’s.', 'Save it again with torch.save, or as safetensors.'),
    'torch-tensor-bounds': block('critical', 'A tensor reaches beyond its storage: loading could read memory that is not the file’s.', 'Save it again with torch.save, or as safetensors.'),
  },
} as const satisfies RuleArea;
