import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { ActionAccepted } from '../bridge/src/contract/actions.ts';
import type { UploadAccepted } from '../bridge/src/contract/requests.ts';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import type { Answer, Client, Sample } from './client.ts';

export const SCAN_MS = 90_000;
export const STAGING_MS = 240_000;
export const LIVE_MS = 180_000;

/** A model name that no other run uses. */
export function unusedName(of: string): string {
  return `${of}-${randomBytes(3).toString('hex')}`;
}

export async function uploaded(by: Client, what: Sample): Promise<UploadAccepted> {
  const answer = await by.upload(what);
  expect(answer.status, JSON.stringify(answer.body)).to.equal(202);
  return answer.body;
}

export async function accepted(action: Promise<Answer<ActionAccepted>>): Promise<ActionAccepted> {
  const answer = await action;
  expect(answer.status, JSON.stringify(answer.body)).to.equal(202);
  return answer.body;
}

/** Approved for staging by somebody who saw the version as it is. */
export async function approve(by: Client, version: VersionDetail): Promise<ActionAccepted> {
  return accepted(
    by.act(idsOf(version), 'deploy', { target: 'staging', seen: version.lockVersion }),
  );
}

export async function promote(by: Client, version: VersionDetail): Promise<ActionAccepted> {
  return accepted(
    by.act(idsOf(version), 'promote', {
      target: 'production',
      strategy: 'blue-green',
      seen: version.lockVersion,
    }),
  );
}

/** The road as far as staging: uploaded by one, approved by another. */
export async function broughtToStaging(
  submitter: Client,
  approver: Client,
  what: Sample,
): Promise<VersionDetail> {
  const ids = await uploaded(submitter, what);
  await approve(approver, await approver.reaches(ids, 'Validated', SCAN_MS));
  return approver.reaches(ids, 'Staging', STAGING_MS);
}

export function idsOf(version: VersionDetail): { modelId: number; versionId: number } {
  return { modelId: version.model.id, versionId: version.id };
}

/**
 * Ends what a story leaves in staging, so that its pod makes room. What is serving in production
 * stays.
 */
export async function archive(
  manager: Client,
  ids: { modelId: number; versionId: number },
): Promise<void> {
  const version = await manager.version(ids);
  await accepted(manager.act(ids, 'archive', { seen: version.lockVersion }));
}
