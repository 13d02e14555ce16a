import type { VersionStatus } from '../api/types.ts';

export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'calm';
export interface Standing {
  status: VersionStatus;
  statusReasonCode?: string | null | undefined;
}

const ENDED_BY_A_PERSON = ['Aborted', 'Superseded'];

/** Whether a person aborted it or promoted a newer version; `code` is that of the reason. */
export const endedByPerson = (code: string | null | undefined): boolean =>
  ENDED_BY_A_PERSON.includes(code ?? '');

/** The scan found what a second person may accept: it waits, it is not blocked. */
export const needsReview = ({ status, statusReasonCode }: Standing): boolean =>
  status === 'ValidationFailed' && statusReasonCode === 'NeedsReview';
