import type { ActionName, AllowedAction, RoadStop, VersionDetail } from '../api/types.ts';
import { needsReview } from './status-reason.ts';

const WAIVERS: ActionName[] = ['accept-waiver', 'request-waiver'];

/** The action that answers a stop which did not go well, of those that this person may take. */
export function answerTo(
  stop: Pick<RoadStop, 'key'>,
  detail: Pick<VersionDetail, 'status' | 'statusReasonCode'>,
  actions: AllowedAction[],
): AllowedAction | undefined {
  const may = (names: ActionName[]): AllowedAction | undefined =>
    names
      .map((name) => actions.find((action) => action.name === name && action.allowed))
      .find(Boolean);
  // a second look by the same rules finds the same: what is to review is answered by people
  if (stop.key === 'scanned') return may(needsReview(detail) ? WAIVERS : ['rescan']);
  return may(['rolling', 'live', 'promoted'].includes(stop.key) ? ['promote'] : ['deploy']);
}

/** Why a waiver that was asked for is not this person's to approve. */
export function secondPerson(detail: Pick<VersionDetail, 'allowedActions'>): string | undefined {
  return (
    detail.allowedActions.find((action) => action.name === 'accept-waiver' && !action.allowed)
      ?.reason ?? undefined
  );
}

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
  return WAIVERS.map((name) =>
    detail.allowedActions.find((one) => one.name === name && one.allowed),
  ).find(Boolean);
}
