import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { ToolStatus } from '../types.ts';
import { advisoriesIn, advisoryPlace, type Advisory } from './advisories.ts';
import type { Package } from './package.ts';
import { orderOf } from './version-order.ts';

export interface Vulnerability {
  /** e.g. CVE-2024-1234 or DSA-5000-1 */
  id: string;
  aliases: string[];
  purl: string;
  version: string;
  /** the first version without it; null: there is none yet */
  fixed: string | null;
  summary: string;
}

const STALE_MS = 14 * 24 * 3600_000;
const SUMMARY_CHARS = 200;
/** npm has hundreds of megabytes of them, and the bridge answers people meanwhile */
const BREATH_MS = 20;

/**
 * Holds packages against a local copy of OSV: a folder for each ecosystem (`PyPI`, `npm`, `Debian`,
 * `Alpine` …) with an `all.zip` as OSV gives it out, or with a JSON file for each advisory. Without
 * one the answer is "no database", never "nothing found".
 */
export async function vulnerabilitiesOf(
  packages: readonly Package[],
  folder: string | undefined,
  now: Date,
): Promise<{ status: ToolStatus; found: Vulnerability[] }> {
  const tool = (status: ToolStatus['status'], detail: string | null): ToolStatus => ({
    name: 'osv',
    status,
    detail,
  });
  if (folder === undefined || !fs.existsSync(folder))
    return { status: tool('no-database', 'No vulnerability database is loaded.'), found: [] };
  const wanted = new Map<string, Package[]>();
  for (const one of packages)
    wanted.set(keyOf(one.ecosystem, one.name), [
      ...(wanted.get(keyOf(one.ecosystem, one.name)) ?? []),
      one,
    ]);
  const found: Vulnerability[] = [];
  let newest = 0;
  const without: string[] = [];
  let breath = performance.now();
  for (const ecosystem of new Set(packages.map((one) => one.ecosystem.split(':')[0]!))) {
    const place = advisoryPlace(folder, ecosystem);
    if (place === null) {
      without.push(ecosystem);
      continue;
    }
    try {
      for (const { advisory, date } of advisoriesIn(place)) {
        newest = Math.max(newest, date);
        found.push(...matches(advisory, wanted));
        if (performance.now() - breath > BREATH_MS)
          breath = (await setImmediate(), performance.now());
      }
    } catch (error) {
      return {
        status: tool(
          'error',
          `The database for ${ecosystem} cannot be read: ${(error as Error).message}`,
        ),
        found,
      };
    }
  }
  if (without.length > 0)
    return { status: tool('no-database', `No database for ${without.join(', ')}.`), found };
  const days = Math.floor((now.getTime() - newest) / (24 * 3600_000));
  return {
    status:
      now.getTime() - newest > STALE_MS
        ? tool('stale', `The newest advisory is ${days} days old.`)
        : tool('ok', null),
    found,
  };
}

function matches(advisory: Advisory, wanted: Map<string, Package[]>): Vulnerability[] {
  if (advisory.withdrawn !== undefined) return [];
  return (advisory.affected ?? []).flatMap((affected) => {
    const candidates = affected.package
      ? (wanted.get(keyOf(affected.package.ecosystem, affected.package.name)) ?? [])
      : [];
    return candidates.flatMap((one) => {
      const hit =
        (affected.ranges ?? [])
          .map((range) => inRange(one, range))
          .find((answer) => answer !== null) ??
        (affected.versions?.includes(one.version) ? { fixed: null } : null);
      if (hit === null) return [];
      return [
        {
          id: advisory.id,
          aliases: advisory.aliases ?? [],
          purl: one.purl,
          version: one.version,
          fixed: hit.fixed,
          summary: (advisory.summary ?? advisory.details ?? '').slice(0, SUMMARY_CHARS),
        },
      ];
    });
  });
}

/** The events of a range in their order: introduced opens, fixed and last_affected close. */
function inRange(
  { ecosystem, version }: Package,
  range: { type: string; events: Record<string, string>[] },
): { fixed: string | null } | null {
  const order = range.type === 'GIT' ? null : orderOf(ecosystem);
  if (order === null) return null;
  const isIntroduced = (since: string | undefined): boolean =>
    since !== undefined && (since === '0' || order(version, since) >= 0);
  let inside = false;
  let fixed: string | null = null;
  for (const event of range.events) {
    if (isIntroduced(event['introduced'])) [inside, fixed] = [true, null];
    if (event['fixed'] !== undefined) {
      if (order(version, event['fixed']) >= 0) inside = false;
      else if (inside) fixed ??= event['fixed'];
    }
    if (event['last_affected'] !== undefined && order(version, event['last_affected']) > 0)
      inside = false;
  }
  return inside ? { fixed } : null;
}

/** Debian and Alpine name the release in the ecosystem; it must be the same one. */
const keyOf = (ecosystem: string, name: string): string =>
  `${ecosystem}\n${ecosystem === 'PyPI' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name}`;
