import type { VersionStatus } from '../api/types.ts';

export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'calm';
export interface Standing {
  status: VersionStatus;
  statusReason?: string | null | undefined;
}

/**
 * A person ended it, or wants a newer version instead: the codes that such a reason begins with.
 */
export const endedByPerson = (reason: string | null | undefined): boolean =>
  /^(Aborted by |Superseded: )/.test(reason ?? '');
/** The scan found what a second person may accept: it waits, it is not blocked. */
export const needsReview = ({ status, statusReason }: Standing): boolean =>
  status === 'ValidationFailed' && statusReason?.startsWith('NeedsReview') === true;
