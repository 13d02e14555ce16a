import { block, type RuleArea } from './rule.ts';

export const numpyRules = {
  title: 'numpy',
  about: '`.npy` and `.npz`. An array of objects is a pickle behind the header and is read as one.',
  rules: {
    'npy-header': block(
      'high',
      'The header of the array is not one that numpy writes.',
      'Save the array again with numpy.save.',
    ),
    'npy-size': block(
      'high',
      'The data are not as long as shape and dtype say.',
      'Save the array again with numpy.save.',
    ),
    'npz-layout': block(
      'medium',
      'The archive holds something else than arrays.',
      'Save the arrays again with numpy.savez.',
    ),
  },
} as const satisfies RuleArea;
