import type { RoadStop, VersionDetail } from '../api/types.ts';

/** What is known about a version, a tab each, in the order in which they stand. */
export type Tab = 'findings' | 'deployments' | 'buildLog' | 'journal';
export const TABS: Tab[] = ['findings', 'buildLog', 'deployments', 'journal'];

/** What one most likely came for. */
export function firstTab(detail: VersionDetail): Tab {
  if (detail.findings.some((finding) => finding.verdict !== 'pass')) return 'findings';
  if (detail.buildState === 'running' || detail.buildState === 'failed') return 'buildLog';
  return detail.deployments.length ? 'deployments' : 'findings';
}

/** Where it says why this stop did not go well. */
export function tabOf({ key }: Pick<RoadStop, 'key'>, { buildState }: VersionDetail): Tab {
  if (key === 'scanned') return 'findings';
  const isOfTheBuild = key === 'built' || (key === 'staging' && buildState === 'failed');
  return isOfTheBuild ? 'buildLog' : 'deployments';
}
