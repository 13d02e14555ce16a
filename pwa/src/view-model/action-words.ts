import type { ActionName, AllowedAction, VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';

const ORDER: ActionName[] = [
  'promote',
  'deploy',
  'rollback',
  'accept-waiver',
  'request-waiver',
  'reject',
  'refuse-waiver',
  'rescan',
  'archive',
];

const STEERING: ActionName[] = [
  'approve-step',
  'pause-rollout',
  'resume-rollout',
  'skip-step',
  'abort-rollout',
];

/**
 * The actions the server offers, the one that goes on first; what steers a rollout stands with the
 * rollout.
 */
export function availableActions(detail: VersionDetail): AllowedAction[] {
  return detail.allowedActions
    .filter((action) => !STEERING.includes(action.name))
    .sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
}

/** What may be said to the rollout that is under way. */
export function steeringActions(detail: VersionDetail): AllowedAction[] {
  return detail.allowedActions
    .filter((action) => STEERING.includes(action.name))
    .sort((a, b) => STEERING.indexOf(a.name) - STEERING.indexOf(b.name));
}

/** The word on the button: the same action has another name the second time. */
export function actionName(detail: VersionDetail, action: AllowedAction): string {
  const words = t().actions;
  if (action.name === 'deploy' && detail.status !== 'Validated') return words.redeploy;
  if (action.name === 'promote' && detail.status === 'ProdFailed') return words.retryPromote;
  return words.names[action.name];
}

/** Actions whose reason somebody has to read: none goes without one. */
export const needsReason = (name: ActionName): boolean =>
  ['reject', 'request-waiver', 'refuse-waiver', 'skip-step', 'abort-rollout'].includes(name);

/** Actions that take something away. */
export const isDangerous = (name: ActionName): boolean =>
  ['reject', 'rollback', 'refuse-waiver', 'abort-rollout'].includes(name);
