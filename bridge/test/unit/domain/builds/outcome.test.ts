import { expect } from 'chai';
import { buildOutcome } from '../../../../src/domain/builds/outcome.ts';
import type { BuildPodObserved } from '../../../../src/domain/builds/outcome.ts';
import type { PodObserved } from '../../../../src/domain/rollouts/revision.ts';
import { NOW, before, container, pod } from '../rollouts/revision-builders.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const end = (name: string, exitCode: number, message = '', reason = 'Error') =>
  container({ name, terminated: { reason, exitCode, message } });
const fetched = end('context', 0);
const build = (over: Partial<PodObserved>, deadlineExceeded = false): BuildPodObserved => ({
  pod: pod(over),
  versionId: 1,
  generation: 1,
  attempt: 1,
  deadlineExceeded,
});
const RUN_LOG = `STEP 4/5: RUN pip install nothing-like-this
ERROR: No matching distribution found for nothing-like-this
subprocess exited with status 1
subprocess exited with status 1
error building at STEP "RUN pip install nothing-like-this": exit status 1
time="2026-03-01T12:00:00Z" level=error msg="exit status 1"
Error: building at STEP "RUN pip install nothing-like-this": while running runtime: exit status 1`;

const TABLE: {
  name: string;
  observed: BuildPodObserved;
  log?: string;
  kind: string;
  retry?: boolean;
  reason?: RegExp;
  waiting?: RegExp;
}[] = [
  {
    name: 'is running',
    observed: build({ phase: 'Running', containers: [fetched, container({ name: 'build' })] }),
    kind: 'running',
  },
  {
    name: 'is done',
    observed: build({ phase: 'Succeeded', containers: [fetched, end('build', 0, DIGEST)] }),
    kind: 'done',
  },
  {
    name: 'told no digest',
    observed: build({ phase: 'Succeeded', containers: [fetched, end('build', 0, '')] }),
    kind: 'failed',
    retry: true,
  },
  {
    name: 'a RUN step failed',
    observed: build({ phase: 'Failed', containers: [fetched, end('build', 20)] }),
    log: RUN_LOG,
    kind: 'failed',
    retry: false,
    reason: /^ERROR: No matching distribution found.*STEP "RUN pip/,
  },
  {
    name: 'a RUN step could not reach something',
    observed: build({ phase: 'Failed', containers: [fetched, end('build', 20)] }),
    log: 'curl: connection refused\nError: building at STEP "RUN curl x": while running runtime: exit status 7',
    kind: 'failed',
    retry: false,
    reason: /curl: connection refused/,
  },
  {
    name: 'a file to COPY is missing',
    observed: build({ phase: 'Failed', containers: [fetched, end('build', 20)] }),
    log: 'Error: building at STEP "COPY weights.bin /srv/": checking on sources under "/context": copier: stat: "/weights.bin": no such file or directory',
    kind: 'failed',
    retry: false,
    reason: /weights.bin/,
  },
  {
    name: 'the base image is unknown',
    observed: build({ phase: 'Failed', containers: [fetched, end('build', 20)] }),
    log: 'Error: creating build container: initializing source docker://r/base/x:1: reading manifest 1 in r/base/x: manifest unknown',
    kind: 'failed',
    retry: false,
    reason: /manifest unknown/,
  },
  {
    name: 'the registry did not answer its ping',
    observed: build({ phase: 'Failed', containers: [fetched, end('build', 20)] }),
    log: "Error: creating build container: initializing source docker://r/base/python:3.11: can't talk to a V1 container registry",
    kind: 'failed',
    retry: true,
    reason: /^PullFailed/,
  },
  {
    name: 'the pull was cut',
    observed: build({ phase: 'Failed', containers: [fetched, end('build', 20)] }),
    log: 'Error: creating build container: initializing source docker://r/base/python:3.11: pinging container registry r: Get "http://r/v2/": dial tcp: connect: connection refused',
    kind: 'failed',
    retry: true,
    reason: /^PullFailed/,
  },
  {
    name: 'the push was cut',
    observed: build({ phase: 'Failed', containers: [fetched, end('build', 30)] }),
    log: 'Error: pushing image: writing blob: EOF',
    kind: 'failed',
    retry: true,
    reason: /^PushFailed: Error: pushing image/,
  },
  {
    name: 'the context could not be fetched',
    observed: build({
      phase: 'Failed',
      containers: [end('context', 10, 'fetching the context: connection refused')],
    }),
    kind: 'failed',
    retry: true,
    reason: /^ContextUnavailable/,
  },
  {
    name: 'an artifact is another than approved',
    observed: build({ phase: 'Failed', containers: [end('context', 11, 'model.bin is sha256:b')] }),
    kind: 'failed',
    retry: false,
    reason: /^ArtifactChanged: model.bin/,
  },
  {
    name: 'the pod was lost',
    observed: build({ phase: 'Failed', reason: 'Evicted', message: 'low on disk', containers: [] }),
    kind: 'failed',
    retry: true,
    reason: /Evicted: low on disk/,
  },
  {
    name: 'the deadline passed',
    observed: build({ phase: 'Failed', containers: [] }, true),
    log: 'STEP 3\n',
    kind: 'failed',
    retry: false,
    reason: /^BuildDeadline/,
  },
  {
    name: 'out of memory',
    observed: build({ phase: 'Failed', containers: [fetched, end('build', 137, '', 'OOMKilled')] }),
    kind: 'failed',
    retry: false,
    reason: /memory/,
  },
  {
    name: 'finds no room until its deadline',
    observed: build({
      createdAt: before(1_300_000),
      unscheduled: { reason: 'Unschedulable', message: 'Insufficient cpu' },
      containers: [],
    }),
    kind: 'failed',
    retry: false,
    reason: /^Unschedulable: Insufficient cpu/,
  },
  {
    name: 'finds no room for long: waits in line',
    observed: build({
      createdAt: before(1_100_000),
      unscheduled: { reason: 'Unschedulable', message: 'Insufficient cpu' },
      containers: [],
    }),
    kind: 'running',
    waiting: /Insufficient cpu/,
  },
  {
    name: 'cannot be scheduled yet',
    observed: build({
      unscheduled: { reason: 'Unschedulable', message: 'Insufficient cpu' },
      containers: [],
    }),
    kind: 'running',
  },
];

describe('build-outcome', () => {
  for (const row of TABLE) {
    it(row.name, () => {
      const outcome = buildOutcome(
        row.observed,
        row.log ?? '',
        NOW,
        new Date(row.observed.pod.createdAt.getTime() + 1_200_000),
      );
      expect(outcome.kind).to.equal(row.kind);
      if (outcome.kind === 'done') expect(outcome.digest).to.equal(DIGEST);
      if (row.waiting) expect(outcome.kind === 'running' && outcome.waiting).to.match(row.waiting);
      if (outcome.kind !== 'failed') return;
      expect(outcome.retry, outcome.reason).to.equal(row.retry);
      if (row.reason) expect(outcome.reason).to.match(row.reason);
    });
  }
});
