import type { ActionName, AllowedAction, VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';

const ORDER: ActionName[] = ['promote', 'deploy', 'rollback', 'accept-waiver', 'request-waiver', 'reject', 'refuse-waiver', 'rescan', 'archive'];

/** The actions the server offers, the one that goes on first. */
export function availableActions(detail: VersionDetail): AllowedAction[] {
  return [...detail.allowedActions].sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
}

/** The word on the button: the same action has another name the second time. */
export function actionName(detail: VersionDetail, action: AllowedAction): string {
  const words = t().actions;
  if (action.name === 'deploy' && detail.status !== 'Validated') return words.redeploy;
  if (action.name === 'promote' && detail.status === 'ProdFailed') return words.retryPromote;
  return words.names[action.name];
}

/** Actions whose reason somebody has to read: none goes without one. */
export const needsReason = (name: ActionName): boolean => name === 'reject' || name === 'request-waiver' || name === 'refuse-waiver';
