import type { AllowedAction, RoadStop, VersionDetail } from '../api/types.ts';
import { ACTION_VIEWS } from './actions.ts';

const VIEWS = Object.entries(ACTION_VIEWS);

/** The action that answers a stop which did not go well, of those that this person may take. */
export const answerTo = (
  stop: Pick<RoadStop, 'key'>,
  detail: Pick<VersionDetail, 'status' | 'statusReasonCode'>,
  actions: AllowedAction[],
): AllowedAction | undefined =>
  VIEWS.filter(([, view]) => view.answers?.(stop, detail))
    .map(([name]) => actions.find((action) => action.name === name && action.allowed))
    .find(Boolean);

/** Why a waiver that was asked for is not this person's to approve. */
export const secondPerson = (detail: Pick<VersionDetail, 'allowedActions'>): string | undefined =>
  detail.allowedActions.find(
    ({ name, allowed }) => ACTION_VIEWS[name].waiver === 'accepts' && !allowed,
  )?.reason ?? undefined;

/**
 * The button that stands at a finding to review; none where it was accepted or nothing can be
 * asked.
 */
export function waiverAction(
  verdict: string,
  accepted: boolean,
  detail: Pick<VersionDetail, 'allowedActions'>,
): AllowedAction | undefined {
  if (verdict !== 'review' || accepted) return undefined;
  return VIEWS.filter(([, view]) => view.waiver)
    .map(([name]) => detail.allowedActions.find((one) => one.name === name && one.allowed))
    .find(Boolean);
}
