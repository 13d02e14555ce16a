import { RESAVE, block, type RuleArea } from './rule.ts';

export const selfRules = {
  title: 'The scan itself',
  about: 'What keeps a scan from its end is a block with that reason, never a pass.',
  rules: {
    'scan-crashed': block(
      'high',
      'The scanner failed on this file; what it could not read is not clean.',
      `${RESAVE} Tell the operators when it happens again.`,
    ),
    'scan-timeout': block(
      'high',
      'The scan did not end in time.',
      'Try again; ask a manager to raise the deadline when the file is very large.',
    ),
    'scan-out-of-memory': block(
      'high',
      'The scan needed more memory than it may have.',
      'Split the file; tell the operators when it is an ordinary one.',
    ),
    'scan-digest-mismatch': block(
      'critical',
      'The stored bytes are not the ones that were uploaded: their digest differs from the record.',
      'Upload the version again, and have the operators look at the object store.',
    ),
    'scan-artifact-missing': block(
      'high',
      'A stored file of the version is gone.',
      'Upload the version again, and have the operators look at the object store.',
    ),
  },
} as const satisfies RuleArea;
