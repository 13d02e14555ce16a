import type { EventView, VersionStatus } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { ApiProblem, Offline } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { connection } from '../live/connection.ts';
import { toasts, type Toast } from './notices.ts';
import { hrefs, routeOf } from './router.ts';
import { session } from './session.ts';

/** The turns worth a word to somebody who looks at another page. */
const KINDS: Partial<Record<VersionStatus, Toast['kind']>> = { Validated: 'busy', ValidationFailed: 'bad', Staging: 'good', StagingFailed: 'bad', Live: 'good', ProdFailed: 'bad' };

/** Tells of what happens to other versions than the one in view; lists show it by themselves. */
export function tellOfElsewhere(): () => void {
  return connection.subscribe((event) => void tell(event));
}

async function tell(event: EventView): Promise<void> {
  const status = event.payload.status as VersionStatus | undefined;
  const kind = event.topic === 'version.status' && status ? KINDS[status] : undefined;
  const route = routeOf(location.hash);
  if (!kind || !status || !event.modelId || !event.versionId || event.actor === session.user?.name) return;
  if (route.page === 'models' || route.page === 'activity' || (route.page === 'version' && route.versionId === event.versionId)) return;
  try {
    const { value: model } = await api.model(event.modelId);
    const version = model.versions.find((one) => one.id === event.versionId);
    toasts.show({ kind, text: `${model.name} ${version?.name ?? ''}: ${t().status[status]}`, href: hrefs.version(event.modelId, event.versionId) });
  } catch (error) {
    // A word that cannot be said now is not worth an error on the screen.
    if (!(error instanceof ApiProblem) && !(error instanceof Offline)) throw error;
  }
}
