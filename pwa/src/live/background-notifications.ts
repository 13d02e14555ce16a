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
  const { actor, modelId, versionId } = event;
  const turned = turnOf(event);
  const { user } = session;
  if (!turned || !user || actor === user.name) return;
  if (!modelId || !versionId || isInView(versionId)) return;
  try {
    const { value: version } = await api.version(modelId, versionId);
    // it may have gone on since
    if (version.status !== turned) return;
    const kind = concern(version, user);
    if (!kind) return;
    toasts.show({
      kind,
      text: `${version.model.name} ${version.name}: ${standingOf(version).word}`,
      href: hrefs.version(modelId, versionId),
    });
  } catch (error) {
    // A word that cannot be said now is not worth an error on the screen.
    if (!(error instanceof ApiProblem) && !(error instanceof Offline)) throw error;
  }
}

function turnOf({ topic, payload }: EventView): VersionStatus | undefined {
  if (topic !== 'version.status') return undefined;
  return TURNS.find((status) => status === payload.status);
}

/** The lists show every version; the page of a version shows that one. */
function isInView(versionId: number): boolean {
  const route = routeOf(location.hash);
  if (route.page === 'version') return route.versionId === versionId;
  return route.page === 'models' || route.page === 'activity';
}
