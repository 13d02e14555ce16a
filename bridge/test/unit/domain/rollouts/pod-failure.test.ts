import { expect } from 'chai';
import { explainPod, explainRevision } from '../../../../src/domain/rollouts/pod-failure.ts';
import type { PodObserved } from '../../../../src/domain/rollouts/revision.ts';
import { NOW, before, container, pod, revision } from './revision-builders.ts';

const ended = (
  exitCode: number,
  reason = 'Error',
  message = '',
): { reason: string; exitCode: number; message: string } => ({ reason, exitCode, message });

interface Row {
  name: string;
  pod: Partial<PodObserved>;
  reason: string | null;
  says?: RegExp;
  fatal?: boolean;
}

const TABLE: Row[] = [
  {
    name: 'still starting',
    pod: { containers: [container({ waiting: { reason: 'ContainerCreating', message: '' } })] },
    reason: null,
  },
  {
    name: 'no GPU free, for a moment',
    pod: {
      unscheduled: {
        reason: 'Unschedulable',
        message: '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.',
      },
    },
    reason: 'Unschedulable',
    says: /Insufficient nvidia.com\/gpu/,
    fatal: false,
  },
  {
    name: 'no GPU free, for long',
    pod: {
      createdAt: before(61_000),
      unscheduled: {
        reason: 'Unschedulable',
        message: '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.',
      },
    },
    reason: 'Unschedulable',
    fatal: true,
  },
  {
    name: 'image not there',
    pod: {
      containers: [
        container({
          waiting: {
            reason: 'ErrImagePull',
            message:
              'rpc error: code = NotFound desc = failed to pull and unpack image "r/x@sha256:aa": failed to resolve reference "r/x@sha256:aa": r/x@sha256:aa: not found',
          },
        }),
      ],
    },
    reason: 'ErrImagePull',
    says: /not found/,
    fatal: true,
  },
  {
    name: 'back-off tells nothing, its event does',
    pod: {
      containers: [
        container({
          waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "r/x"' },
        }),
      ],
      warnings: [
        { reason: 'Failed', message: 'Failed to pull image "r/x": manifest unknown', count: 1 },
      ],
    },
    reason: 'ImagePullBackOff',
    says: /manifest unknown/,
    fatal: true,
  },
  {
    name: 'registry down for a moment',
    pod: {
      containers: [
        container({
          waiting: {
            reason: 'ErrImagePull',
            message: 'dial tcp 10.0.0.1:5000: connect: connection refused',
          },
        }),
      ],
    },
    reason: 'ErrImagePull',
    fatal: false,
  },
  {
    name: 'registry down for long',
    pod: {
      createdAt: before(50_000),
      containers: [
        container({
          waiting: { reason: 'ImagePullBackOff', message: 'dial tcp: connection refused' },
        }),
      ],
    },
    reason: 'ImagePullBackOff',
    fatal: true,
  },
  {
    name: 'named user',
    pod: {
      containers: [
        container({
          waiting: {
            reason: 'CreateContainerConfigError',
            message:
              'container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root',
          },
        }),
      ],
    },
    reason: 'CreateContainerConfigError',
    says: /non-numeric user/,
    fatal: true,
  },
  {
    name: 'first crash',
    pod: { lastLogLine: 'KeyError: layer7', containers: [container({ terminated: ended(1) })] },
    reason: 'Error',
    says: /exit code 1: KeyError: layer7/,
    fatal: false,
  },
  {
    name: 'third crash',
    pod: {
      lastLogLine: 'no weights for layer 7',
      containers: [
        container({
          restarts: 2,
          waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s' },
          lastTerminated: ended(1),
        }),
      ],
    },
    reason: 'CrashLoopBackOff',
    says: /exit code 1: no weights for layer 7/,
    fatal: true,
  },
  {
    name: 'crash without a word',
    pod: { containers: [container({ restarts: 3, lastTerminated: ended(139) })] },
    reason: 'CrashLoopBackOff',
    says: /139 and wrote nothing/,
    fatal: true,
  },
  {
    name: 'out of memory',
    pod: { containers: [container({ restarts: 2, lastTerminated: ended(137, 'OOMKilled') })] },
    reason: 'OOMKilled',
    says: /memory/,
    fatal: true,
  },
  {
    name: 'no such command',
    pod: {
      containers: [
        container({
          restarts: 2,
          lastTerminated: ended(
            128,
            'StartError',
            'exec: "serve": executable file not found in $PATH',
          ),
        }),
      ],
    },
    reason: 'StartError',
    says: /executable file not found/,
    fatal: true,
  },
  {
    name: 'killed by its startup probe',
    pod: {
      containers: [container({ restarts: 2, lastTerminated: ended(137) })],
      warnings: [
        {
          reason: 'Unhealthy',
          message: 'Startup probe failed: HTTP probe failed with statuscode: 404',
          count: 30,
        },
      ],
    },
    reason: 'ProbeFailed',
    says: /404/,
    fatal: true,
  },
  {
    name: 'not ready yet by its probe',
    pod: {
      phase: 'Running',
      warnings: [
        {
          reason: 'Unhealthy',
          message: 'Readiness probe failed: HTTP probe failed with statuscode: 503',
          count: 3,
        },
      ],
    },
    reason: 'ProbeFailed',
    says: /503/,
    fatal: false,
  },
  {
    name: 'evicted',
    pod: {
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource: ephemeral-storage.',
    },
    reason: 'Evicted',
    says: /ephemeral-storage/,
    fatal: true,
  },
  {
    name: 'secret missing',
    pod: { warnings: [{ reason: 'FailedMount', message: 'secret "x" not found', count: 2 }] },
    reason: 'FailedMount',
    fatal: false,
  },
];

describe('pod-failure', () => {
  for (const row of TABLE) {
    it(row.name, () => {
      const failure = explainPod(pod(row.pod), NOW);
      expect(failure?.reason ?? null).to.equal(row.reason);
      if (row.says) expect(failure?.message).to.match(row.says);
      if (row.fatal !== undefined) expect(failure?.fatal).to.equal(row.fatal);
    });
  }

  it('names the quota that forbids pods', () => {
    const failure = explainRevision(
      revision({
        creationFailure:
          'pods "digits-v2-x" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=2, used: requests.nvidia.com/gpu=7, limited: requests.nvidia.com/gpu=8',
      }),
      NOW,
    );
    expect(failure).to.deep.include({ reason: 'QuotaExceeded', fatal: true });
    expect(failure?.message).to.match(/^exceeded quota: gpus/);
  });

  it('names the Pod Security rule that forbids pods', () => {
    const failure = explainRevision(
      revision({
        creationFailure:
          'pods "d" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      }),
      NOW,
    );
    expect(failure).to.deep.include({ reason: 'PodSecurityViolation', fatal: true });
  });

  it('waits when a pod is refused for want of an approval: the API server may not have read it yet', () => {
    const creationFailure =
      'pods "d-x" is forbidden: ValidatingAdmissionPolicy \'creativeflow-approved-images\' with binding \'creativeflow-approved-images\' denied request: Nothing was approved for the revision "d-v1": r/d@sha256:1';
    expect(explainRevision(revision({ creationFailure }), NOW)).to.deep.equal({
      reason: 'NotApproved',
      message: 'Nothing was approved for the revision "d-v1": r/d@sha256:1',
      fatal: false,
    });
  });

  it('tells the fatal failure of two, and leaves ready and ending pods out', () => {
    const crashing = pod({ containers: [container({ restarts: 2, lastTerminated: ended(1) })] });
    const waiting = pod({ unscheduled: { reason: 'Unschedulable', message: 'no' } });
    expect(explainRevision(revision({ pods: [waiting, crashing] }), NOW)?.reason).to.equal(
      'CrashLoopBackOff',
    );
    expect(
      explainRevision(
        revision({
          pods: [
            { ...crashing, ready: true },
            { ...crashing, terminating: true },
          ],
        }),
        NOW,
      ),
    ).to.equal(null);
  });
});
