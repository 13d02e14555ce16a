import type { VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { bytes, plain } from '../i18n/format.ts';

export interface Compared {
  name: string;
  now: string;
  then: string;
  same: boolean;
  code?: boolean;
}

/** What runs now beside what would run: only what both have or what differs. */
export function comparison(after: VersionDetail, live: VersionDetail | undefined): Compared[] {
  const words = t();
  const rows: (Compared | undefined)[] = [
    line(words.actions.versionLabel, live?.name, after.name),
    line(words.version.digest, short(modelOf(live)?.digest), short(modelOf(after)?.digest), true),
    line(words.version.size, size(live), size(after)),
    line(words.version.framework, live?.framework, after.framework),
    ...pairs(live?.params, after.params),
    ...pairs(live?.metrics, after.metrics),
    line(words.actions.replicas, serving(live, 'replicas'), serving(after, 'replicas')),
    line(words.actions.gpus, serving(live, 'gpus'), serving(after, 'gpus')),
    line(words.actions.cpu, serving(live, 'cpu'), serving(after, 'cpu')),
    line(words.actions.memory, serving(live, 'memory'), serving(after, 'memory')),
  ];
  return rows.filter((row) => row !== undefined);
}

function line(
  name: string,
  now: string | null | undefined,
  then: string | null | undefined,
  code = false,
): Compared | undefined {
  if (!now && !then) return undefined;
  return { name, now: now || '–', then: then || '–', same: now === then, code };
}

function pairs(
  now: Record<string, unknown> | null | undefined,
  then: Record<string, unknown> | null | undefined,
): (Compared | undefined)[] {
  const names = [...new Set([...Object.keys(now ?? {}), ...Object.keys(then ?? {})])];
  return names.map((name) => line(name, text(now?.[name]), text(then?.[name])));
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'number'
    ? plain(value)
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}

const modelOf = (detail: VersionDetail | undefined) =>
  detail?.artifacts.find((artifact) => artifact.kind === 'model');
const short = (digest: string | undefined): string | undefined =>
  digest?.replace(/^sha256:/, '').slice(0, 12);
const size = (detail: VersionDetail | undefined): string | undefined =>
  detail && bytes(detail.artifacts.reduce((sum, one) => sum + one.size, 0));
const serving = (detail: VersionDetail | undefined, key: string): string | undefined =>
  text(detail?.serving?.[key]);
