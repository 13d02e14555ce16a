import type { DeploymentView, FindingView } from '../../src/api/types.ts';
import { World } from './world.ts';

const TO_REVIEW: FindingView = {
  id: 7,
  rule: 'dockerfile.user.root',
  severity: 'medium',
  verdict: 'review',
  file: 'Dockerfile',
  offset: null,
  line: 9,
  column: 1,
  symbol: null,
  evidence: 'USER root',
  why: 'The last user of the image is root.',
  remedy: 'End with USER 65532.',
};

/**
 * to-review 1.0.0 of Ada waits for a second look at its Dockerfile, with or without a waiver asked
 * for.
 */
export function toReview(world: World, requested = false) {
  const waiver = {
    id: 1,
    state: 'requested' as const,
    reason: 'The base image is ours.',
    requestedBy: 'Ada Byron',
    expiresOn: '2027-01-01',
  };
  return world.add('to-review', '1.0.0', 'ValidationFailed', 3, 'Ada Byron', {
    statusReason: 'NeedsReview: the last user of the image is root.',
    statusReasonCode: 'NeedsReview',
    findings: [{ ...TO_REVIEW, ...(requested ? { waiver } : {}) }],
  });
}

/** stopped 1.0.0, a canary in production that Ben aborted. */
export function aborted(world: World) {
  const reason = 'Aborted by Ben Okafor: enough';
  const version = world.add('stopped', '1.0.0', 'ProdFailed', 2, 'Ada Byron', {
    statusReason: reason,
    statusReasonCode: 'Aborted',
  });
  const made: DeploymentView = world.deployment(
    version,
    'production',
    'canary',
    'Failed',
    'Ben Okafor',
    reason,
  );
  Object.assign(made, { desired: 'removed' });
  return version;
}

/** lead-score 7.4.2 served production until 7.5.0 came. */
export function superseded(world: World): void {
  const old = world.versions.find((one) => one.model.name === 'lead-score')!;
  const [was] = [
    world.deployment(old, 'production', 'canary', 'Ready', 'Ben Okafor'),
  ] as DeploymentView[];
  Object.assign(was!, { desired: 'kept', phase: 'Superseded', isLive: false });
  const next = world.add('lead-score', '7.5.0', 'Live', 20, 'Mia Laurent', {}, 'Growth');
  world.deployment(next, 'production', 'canary', 'Ready', 'Ben Okafor');
  world.endpoint(next, 'production');
}

export function worldWith(change: (world: World) => unknown): World {
  const world = new World();
  change(world);
  return world;
}
