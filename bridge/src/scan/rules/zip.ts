import { block, type RuleArea } from './rule.ts';

export const zipRules = {
  title: 'Zip',
  about:
    'Read as only one reader could. What a tolerant reader would repair is refused, because another would repair it differently.',
  rules: {
    'zip-structure': block(
      'high',
      'The zip is not strictly formed: bytes belong to no member, or to two.',
      'Pack the files again with an ordinary tool.',
    ),
    'zip-headers-differ': block(
      'critical',
      'The two headers of a member disagree; two readers would see two different files.',
      'Pack the files again with an ordinary tool.',
    ),
    'zip-duplicate-member': block(
      'critical',
      'Two members have the same name; readers differ in which one they take.',
      'Pack the files again with an ordinary tool.',
    ),
    'zip-member-name': block(
      'high',
      'A member’s name is not a plain relative path.',
      'Pack the files again with plain names.',
    ),
    'zip-method': block(
      'high',
      'A member is encrypted, a link, or packed with a method that model files do not use.',
      'Pack the files again, stored or deflated.',
    ),
    'zip-crc': block(
      'high',
      'The checksum of a member is wrong: the file is damaged or was changed after packing.',
      'Pack the files again with an ordinary tool.',
    ),
  },
} as const satisfies RuleArea;
