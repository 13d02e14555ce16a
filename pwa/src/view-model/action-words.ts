import type { ActionBodies, ActionName, AllowedAction, VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { ACTION_VIEWS, type Decision } from './actions.ts';

const ORDER = Object.keys(ACTION_VIEWS) as ActionName[];

/** What the server offers, in the order of the table. */
const offered = (detail: VersionDetail, of: 'version' | 'rollout'): AllowedAction[] =>
  detail.allowedActions
    .filter(({ name }) => ACTION_VIEWS[name].of === of)
    .sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));

/** The actions on the version, the one that goes on first. */
export const availableActions = (detail: VersionDetail): AllowedAction[] =>
  offered(detail, 'version');

/** The actions on the rollout that is in progress. */
export const rolloutActions = (detail: VersionDetail): AllowedAction[] =>
  offered(detail, 'rollout');

/** The word on the button: the same action has another name the second time. */
export const actionName = (detail: VersionDetail, { name }: AllowedAction): string =>
  ACTION_VIEWS[name].name?.(detail) ?? t().actions.names[name];

/** Actions whose reason somebody has to read: none goes without one. */
export const needsReason = (name: ActionName): boolean =>
  ACTION_VIEWS[name].words === 'required-reason';

/** Actions that take something away. */
export const isDangerous = (name: ActionName): boolean => ACTION_VIEWS[name].isDangerous === true;

/** What the action sends. */
export function bodyOf(
  { action, strategy }: Pick<Decision, 'action' | 'strategy'>,
  given: { seen: number; words?: string; expiresOn?: string | null },
): ActionBodies[ActionName] {
  const { deploymentId, step } = action;
  return ACTION_VIEWS[action.name].body({
    seen: given.seen,
    strategy,
    words: given.words,
    expiresOn: given.expiresOn ?? null,
    deploymentId: deploymentId ?? 0,
    step: step ?? 0,
  });
}
