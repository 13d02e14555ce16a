import type { EventView, VersionStatus } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { ApiProblem, Offline } from '../api/problem.ts';
import { connection } from './connection.ts';
import { standingOf } from '../view-model/status.ts';
import { concern } from '../view-model/needs-action.ts';
import { toasts } from '../shell/toasts.ts';
import { hrefs, routeOf } from '../shell/router.ts';
import { session } from '../shell/session.ts';

/** The turns that may be worth a word to somebody who looks at another page. */
const TURNS: VersionStatus[] = [
  'Validated',
  'ValidationFailed',
  'Staging',
  'StagingFailed',
  'Live',
  'ProdFailed',
];

/**
 * Tells of what concerns this person and happens to other versions than the one in view; lists show
 * it by themselves.
 */
export function tellOfElsewhere(): () => void {
  return connection.subscribe((event) => void tell(event));
}

async function tell(event: EventView): Promise<void> {
  const status = event.payload.status as VersionStatus | undefined;
  const turns = event.topic === 'version.status' && status !== undefined && TURNS.includes(status);
  const { user } = session;
  const route = routeOf(location.hash);
  if (!turns || !user || !event.modelId || !event.versionId || event.actor === user.name) return;
  if (
    route.page === 'models' ||
    route.page === 'activity' ||
    (route.page === 'version' && route.versionId === event.versionId)
  )
    return;
  try {
    const { value: version } = await api.version(event.modelId, event.versionId);
    // it may have gone on since
    if (version.status !== status) return;
    const kind = concern(version, user);
    if (!kind) return;
    toasts.show({
      kind,
      text: `${version.model.name} ${version.name}: ${standingOf(version).word}`,
      href: hrefs.version(event.modelId, event.versionId),
    });
  } catch (error) {
    // A word that cannot be said now is not worth an error on the screen.
    if (!(error instanceof ApiProblem) && !(error instanceof Offline)) throw error;
  }
}
