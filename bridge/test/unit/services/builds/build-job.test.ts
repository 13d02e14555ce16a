import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { BuildPodObserved } from '../../../../src/domain/builds/outcome.ts';
import { buildJob } from '../../../../src/services/builds/build-job.ts';
import type { BuildPodSpec, BuildPodsPort } from '../../../../src/services/ports/cluster.ts';
import type { OdooPort, VersionWork } from '../../../../src/services/ports/odoo.ts';
import type { Logger } from '../../../../src/services/ports/runtime.ts';
import type { JobResult } from '../../../../src/services/ports/jobs.ts';
import type { ObjectStore } from '../../../../src/services/ports/object-store.ts';
import { readGrant } from '../../../../src/services/builds/build-token.ts';
import { NOW, container, pod } from '../../domain/rollouts/revision-builders.ts';

const DIGEST = `sha256:${'2'.repeat(64)}`;
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

class MemoryPods implements BuildPodsPort {
  readonly created: BuildPodSpec[] = [];
  pods: BuildPodObserved[] = [];
  text = 'STEP 1/2: FROM x\nError: building at STEP "COPY a b": no such file or directory';
  async list(): Promise<BuildPodObserved[]> {
    return this.pods;
  }
  async create(spec: BuildPodSpec): Promise<void> {
    this.created.push(spec);
    this.pods.push({
      pod: pod({ name: `a${spec.attempt}`, phase: 'Running', createdAt: NOW }),
      versionId: spec.versionId,
      generation: spec.generation,
      attempt: spec.attempt,
      deadlineExceeded: false,
    });
  }
  unreadable = 0;
  async log(): Promise<Readable> {
    if (this.unreadable-- > 0) throw new Error('Forbidden');
    return this.#text();
  }
  #text(): Readable {
    return Readable.from([this.text]);
  }
  async remove(): Promise<void> {
    this.pods = [];
  }
  end(exitCode: number, message = ''): void {
    Object.assign(this.pods.at(-1)!.pod, {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containers: [
        container({ name: 'context', terminated: { reason: '', exitCode: 0, message: '' } }),
        container({ name: 'build', terminated: { reason: '', exitCode, message } }),
      ],
    });
  }
}

function scene(over: Partial<VersionWork> = {}) {
  const pods = new MemoryPods();
  const reports: Record<string, unknown>[] = [];
  const stored = new Map<string, string>();
  const registry = {
    tags: new Map<string, string>(),
    digestOf: async (repository: string, reference: string) =>
      registry.tags.get(`${repository}:${reference}`) ?? null,
  };
  const work = {
    versionId: 5,
    modelId: 1,
    slug: 'digits',
    generation: 3,
    buildState: 'wanted',
    image: null,
    imageDigest: null,
    deployments: [],
    artifacts: [
      {
        kind: 'dockerfile',
        filename: 'Dockerfile.gpu',
        objectKey: 'k1',
        digest: 'sha256:d',
        size: 1,
      },
      {
        kind: 'model',
        filename: 'model.safetensors',
        objectKey: 'k2',
        digest: 'sha256:m',
        size: 1,
      },
    ],
    ...over,
  } as unknown as VersionWork;
  const odoo = {
    call: async (_c: unknown, _m: string, method: string, kwargs: Record<string, unknown>) => {
      if (method === 'work') return structuredClone(work);
      reports.push(kwargs);
      work.buildState = String(kwargs.state);
      return { accepted: true };
    },
  } as unknown as OdooPort;
  const store = {
    putSmall: async (key: string, body: string) => {
      stored.set(key, body);
    },
  } as unknown as ObjectStore;
  const job = buildJob({
    odoo,
    store,
    registry,
    pods,
    clock: { now: () => NOW, sleep: async () => undefined },
    registryName: 'registry.test:5000',
    tokenSecret: 's',
  });
  const tick = (generation = 3): Promise<JobResult> =>
    job(
      { eventId: 1, key: 'version:5', generation, subjectId: 5 },
      { log: quiet, signal: new AbortController().signal, requestId: 'r' },
    );
  return { pods, reports, stored, registry, tick, work };
}

describe('build', () => {
  it('starts one pod with a token for one repository, and the digests that were approved', async () => {
    const { pods, tick, reports } = scene();
    await tick();
    await tick();
    expect(pods.created).to.have.length(1);
    expect(pods.created[0]!.target).to.equal('registry.test:5000/models/digits:v5-g3');
    expect(pods.created[0]!.contents).to.deep.equal({
      Dockerfile: 'sha256:d',
      'model.safetensors': 'sha256:m',
    });
    expect(readGrant(pods.created[0]!.token, 's', NOW)).to.deep.include({
      versionId: 5,
      generation: 3,
      repository: 'models/digits',
    });
    expect(reports.map((facts) => facts.state)).to.deep.equal(['running']);
  });

  it('reports the digest that the registry confirms, keeps the log, removes the pod', async () => {
    const { pods, tick, reports, stored, registry } = scene();
    await tick();
    pods.end(0, DIGEST);
    registry.tags.set('models/digits:v5-g3', DIGEST);
    expect(await tick()).to.deep.equal({ done: true });
    expect(reports.at(-1)).to.deep.include({
      state: 'done',
      image: 'registry.test:5000/models/digits',
      image_digest: DIGEST,
      log_key: 'builds/5/3.log',
    });
    expect(stored.get('builds/5/3.log')).to.include('STEP 1/2');
    expect(pods.pods).to.deep.equal([]);
  });

  it('does not believe a digest that the registry does not have', async () => {
    const { pods, tick, reports } = scene();
    await tick();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      pods.end(0, DIGEST);
      await tick();
    }
    expect(pods.created).to.have.length(3);
    expect(reports.at(-1)!.state).to.equal('failed');
    expect(reports.at(-1)!.reason).to.match(/^PushFailed: .*the registry has nothing/);
  });

  it('does not try a wrong Dockerfile twice, and says its last telling line', async () => {
    const { pods, tick, reports } = scene();
    await tick();
    pods.end(20);
    expect(await tick()).to.deep.equal({ done: true });
    expect(pods.created).to.have.length(1);
    expect(reports.at(-1)).to.deep.include({
      state: 'failed',
      reason: 'building at STEP "COPY a b": no such file or directory',
    });
  });

  it('waits for a log that cannot be read yet, since it tells whose fault it was', async () => {
    const { pods, tick, reports } = scene();
    await tick();
    pods.end(20);
    pods.unreadable = 1;
    expect(await tick()).to.deep.include({ done: false });
    expect(await tick()).to.deep.equal({ done: true });
    expect(reports.at(-1)!.reason).to.match(/no such file or directory/);
  });

  it('does not wait for ever for a log that is gone', async () => {
    const { pods, tick, reports } = scene();
    await tick();
    pods.end(20);
    pods.unreadable = 1_000;
    for (let turn = 0; turn < 20; turn += 1) expect(await tick()).to.deep.include({ done: false });
    expect(await tick()).to.deep.equal({ done: true });
    expect(reports.at(-1)!.reason).to.match(/its log could not be read/);
  });

  it('tries an infrastructure fault three times, and keeps the log of each', async () => {
    const { pods, tick, reports, stored } = scene();
    await tick();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      pods.end(30);
      await tick();
    }
    expect(pods.created.map((spec) => spec.attempt)).to.deep.equal([1, 2, 3]);
    expect(reports.at(-1)!.state).to.equal('failed');
    expect(stored.get('builds/5/3.log')).to.include('--- attempt 3');
  });

  it('does not build again what the registry has', async () => {
    const { pods, tick, reports, registry } = scene({
      image: 'registry.test:5000/models/digits',
      imageDigest: DIGEST,
    });
    registry.tags.set(`models/digits:${DIGEST}`, DIGEST);
    expect(await tick()).to.deep.equal({ done: true });
    expect(pods.created).to.have.length(0);
    expect(reports.at(-1)).to.deep.include({ state: 'done', image_digest: DIGEST });
  });

  it('ends what Odoo no longer wants', async () => {
    const { pods, tick, work } = scene();
    await tick();
    work.generation = 4;
    expect(await tick(3)).to.deep.equal({ done: true });
    expect(pods.pods).to.deep.equal([]);
  });

  it('refuses file names that lead out of the context', async () => {
    const { pods, tick, reports } = scene({
      artifacts: [
        { kind: 'dockerfile', filename: 'D', objectKey: 'k', digest: 'd', size: 1 },
        { kind: 'side', filename: '../../etc/passwd', objectKey: 'k', digest: 'd', size: 1 },
      ],
    });
    expect(await tick()).to.deep.equal({ done: true });
    expect(pods.created).to.have.length(0);
    expect(reports.at(-1)!.state).to.equal('failed');
  });
});

describe('a build without room', () => {
  const noRoom = {
    reason: 'Unschedulable',
    message: '0/1 nodes are available: 1 Insufficient memory.',
  };
  const deployments = () =>
    [
      {
        desired: 'serving',
        isLive: false,
        deadlineAt: new Date(NOW.getTime() + 1_800_000).toISOString(),
      },
    ] as unknown as VersionWork['deployments'];
  const crowded = async () => {
    const one = scene({ deployments: deployments() });
    await one.tick();
    Object.assign(one.pods.pods[0]!.pod, {
      phase: 'Pending',
      unscheduled: noRoom,
      containers: [],
      createdAt: new Date(NOW.getTime() - 600_000),
    });
    return one;
  };

  it('waits in line without room, says why once, and goes on when there is some', async () => {
    const { pods, reports, tick } = await crowded();
    for (let turn = 0; turn < 3; turn += 1) expect(await tick()).to.deep.include({ done: false });
    expect(reports.map(({ state, reason }) => [state, reason ?? null])).to.deep.equal([
      ['running', null],
      ['running', `Waiting for capacity to build: ${noRoom.message}`],
    ]);
    Object.assign(pods.pods[0]!.pod, { phase: 'Running', unscheduled: null });
    await tick();
    expect(reports.at(-1)).to.deep.include({ state: 'running', reason: null });
  });

  it('fails with the words of the scheduler at the deadline of the build', async () => {
    const { work, reports, tick } = await crowded();
    work.deployments[0]!.deadlineAt = new Date(NOW.getTime() + 5_000).toISOString();
    expect(await tick()).to.deep.equal({ done: true });
    expect(String(reports.at(-1)!.reason)).to.match(/^Unschedulable: .*Insufficient memory/);
  });

  it('ends when the version is archived, and takes its pod away', async () => {
    const { work, pods, tick } = await crowded();
    work.status = 'Archived';
    expect(await tick()).to.deep.equal({ done: true });
    expect(pods.pods).to.deep.equal([]);
  });

  it('has a token for as long as it may wait', async () => {
    const { pods } = await crowded();
    expect(
      readGrant(pods.created[0]!.token, 's', new Date(NOW.getTime() + 1_780_000)),
    ).to.deep.include({ versionId: 5 });
  });
});
