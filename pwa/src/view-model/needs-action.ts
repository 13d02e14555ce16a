import type { VersionDetail, Whoami } from '../api/types.ts';
import { ACTION_VIEWS } from './actions.ts';
import { endedByPerson } from './status-reason.ts';
import type { Toast } from '../shell/toasts.ts';

type Known = Pick<
  VersionDetail,
  'status' | 'statusReasonCode' | 'submitter' | 'isMine' | 'allowedActions' | 'deployments'
>;
const FAILED = ['ValidationFailed', 'StagingFailed', 'ProdFailed'];
const ARRIVED = ['Validated', 'Staging', 'Live'];

/**
 * Whether what a version has become is worth a word to this person who looks at another page, and
 * of which kind: what waits for them, what they uploaded, and what they asked for. All else is the
 * journal's to tell.
 */
export function concern(version: Known, user: Pick<Whoami, 'name'>): Toast['kind'] | undefined {
  const { status, allowedActions } = version;
  if (allowedActions.some(({ name, allowed }) => allowed && ACTION_VIEWS[name].decides === status))
    return 'busy';
  const newest = [...version.deployments].sort((a, b) => b.id - a.id)[0];
  const asked =
    newest?.requestedBy === user.name && status !== 'Validated' && status !== 'ValidationFailed';
  const mine = version.isMine ?? version.submitter === user.name;
  if (!asked && !mine) return undefined;
  if (FAILED.includes(status)) return endedByPerson(version.statusReasonCode) ? 'busy' : 'bad';
  return ARRIVED.includes(status) ? 'good' : undefined;
}
