import { block, type RuleArea } from './rule.ts';

const REPACK = 'Pack the files again with an ordinary tar: plain files and folders only.';

export const tarRules = {
  title: 'Tar',
  about:
    'Read as only one reader could: plain files under plain names, each once, with zeros for padding and nothing behind the end.',
  rules: {
    'tar-structure': block(
      'high',
      'The tar is not strictly formed; readers differ in what they make of it.',
      REPACK,
    ),
    'tar-entry': block(
      'high',
      'The tar holds a link, a device or something else that is no plain file: unpacking it could reach outside of its folder.',
      REPACK,
    ),
    'tar-member-name': block('high', 'The name of an entry is not a plain relative path.', REPACK),
    'tar-duplicate-member': block(
      'critical',
      'Two entries have the same name, or one lies where the other is a file; readers differ in which one they take.',
      REPACK,
    ),
  },
} as const satisfies RuleArea;
