import type { ActionAccepted, FindingView, VersionDetail } from '../../src/api/types.ts';
import { promoteCanary, steer } from './rollout.ts';
import { type Said } from './rollout-offers.ts';
import type { World } from './world.ts';
import type { MockUser } from './users.ts';

type Entry = World['versions'][number];

/** Plays what an action sets in motion, one step after the other. */
export function play(
  world: World,
  version: Entry,
  action: string,
  who: MockUser,
  body: { strategy?: string; reason?: string; comment?: string; step?: number },
): ActionAccepted {
  switch (action) {
    case 'scan':
    case 'rescan':
      if (action === 'rescan') world.become(version, 'Validating', who.name);
      world.later([
        () => {
          version.scan = {
            verdict: 'pass',
            rulesetVersion: '2026.11',
            finishedAt: new Date().toISOString(),
          };
          version.findings = [] as FindingView[];
          world.become(version, 'Validated');
        },
      ]);
      break;
    case 'deploy': {
      version.approvals.push({
        environment: 'Staging',
        by: who.name,
        at: new Date().toISOString(),
        decision: 'approved',
        comment: body.comment ?? null,
      });
      version.buildState = 'running';
      world.logs.set(version.id, ['STEP 1/3: FROM registry/base/python:3.11']);
      world.become(version, 'PendingStagingDeployment', who.name);
      const deployment = world.deployment(version, 'staging', 'rolling', 'Building', who.name);
      world.later([
        () =>
          world.logs
            .get(version.id)
            ?.push(
              'STEP 2/3: COPY model.safetensors ./',
              'STEP 3/3: CMD serve',
              'Successfully pushed',
            ),
        () => {
          Object.assign(version, { buildState: 'done', imageDigest: `sha256:${'b'.repeat(64)}` });
          deployment.phase = 'Progressing';
          world.emit('version.build', version, { state: 'done', road: world.road(version) });
        },
        () => {
          version.deployments = version.deployments.filter((one) => one !== deployment);
          world.deployment(version, 'staging', 'rolling', 'Ready', who.name);
          world.endpoint(version, 'staging');
          world.become(version, 'Staging');
        },
      ]);
      break;
    }
    case 'promote': {
      if (body.strategy === 'canary') {
        promoteCanary(world, version, who.name);
        break;
      }
      world.become(version, 'PendingProdDeployment', who.name);
      const deployment = world.deployment(
        version,
        'production',
        body.strategy ?? 'rolling',
        'Progressing',
        who.name,
      );
      world.later([
        () => world.emit('deployment.facts', version, { phase: 'Progressing' }),
        () => {
          const before = world.live(version.model.id);
          if (before) world.become(before, 'Superseded');
          version.deployments = version.deployments.filter((one) => one !== deployment);
          world.deployment(version, 'production', body.strategy ?? 'rolling', 'Ready', who.name);
          world.endpoint(version, 'production');
          world.become(version, 'Live');
        },
      ]);
      break;
    }
    case 'pause-rollout':
    case 'resume-rollout':
    case 'approve-step':
    case 'skip-step':
    case 'abort-rollout':
      steer(world, version, action as Said, who.name, body);
      break;
    case 'reject':
      world.become(version, 'ValidationFailed', who.name, `Rejected: ${body.reason}`);
      break;
    case 'rollback': {
      const previous = world.versions.find(
        (one) => one.model.id === version.model.id && one.status === 'Superseded',
      );
      if (previous) {
        world.become(previous, 'PendingProdDeployment', who.name, body.reason ?? null);
        world.later([
          () => {
            world.become(version, 'Superseded');
            world.endpoint(previous, 'production');
            world.become(previous, 'Live');
          },
        ]);
        return accepted(previous);
      }
    }
  }
  return accepted(version);
}

const accepted = (version: Entry | VersionDetail): ActionAccepted => ({
  status: version.status,
  lockVersion: version.lockVersion,
  deploymentId: null,
  versionId: version.id,
});
