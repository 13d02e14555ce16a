import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type {
  ContainerSeen,
  ObjectSeen,
  RouteSeen,
} from '../../../../src/domain/integrity/types.ts';
import { Unavailable } from '../../../../src/errors.ts';
import { IntegrityCheck } from '../../../../src/services/integrity/check.ts';
import type { Due, IntegrityCluster } from '../../../../src/services/ports/integrity.ts';
import type { Logger } from '../../../../src/services/ports/runtime.ts';
import { deploymentWork } from '../../../fakes/deployment-work.ts';

const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const MANIFEST = JSON.stringify({
  config: { digest: 'sha256:c' },
  layers: [{ digest: 'sha256:l' }],
});
const IMAGE = `registry:5000/models/digits@${sha(MANIFEST)}`;
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
interface Report {
  state: string;
  reason: string;
  message: string;
  put_back: string[];
  read: boolean;
  witness: Record<string, { digest: string }> | null;
  differences: unknown[];
}

/** One live deployment where everything is as approved; tests break something. */
function scene() {
  const world = {
    bytes: 'weights',
    mark: 'm1',
    reads: 0,
    blobs: new Set(['sha256:c', 'sha256:l']),
    manifest: MANIFEST as string | null,
    objects: [] as ObjectSeen[],
    containers: [
      { pod: 'p', container: 'model', image: IMAGE, digest: sha(MANIFEST) },
    ] as ContainerSeen[],
    approved: IMAGE as string | null | undefined,
    route: {
      parents: ['gw/mlops'],
      hostnames: [],
      rules: [
        {
          paths: ['/endpoints/production/digits'],
          filters: ['URLRewrite', 'RequestHeaderModifier', 'ResponseHeaderModifier'],
          backends: [{ name: 'digits-v2', weight: 100 }],
        },
      ],
    } as RouteSeen | null,
    away: new Set<string>(),
    putBack: [] as string[],
    reports: [] as Report[],
    duringPause: (): void => undefined,
  };
  const work = deploymentWork(
    {
      version: '2',
      image: 'registry:5000/models/digits',
      imageDigest: sha(MANIFEST),
      phase: 'Ready',
      isLive: true,
    },
    { registry: 'registry:5000' },
  );
  const due: Due = {
    work,
    policy: 'put-back',
    artifacts: [{ filename: 'm', objectKey: 'k', digest: sha('weights'), size: 7 }],
    deep: false,
    witness: { k: { mark: 'm1', digest: sha('weights') } },
    reported: { state: 'good', differences: [] },
  };
  const up = <T>(part: string, value: T): Promise<T> =>
    world.away.has(part)
      ? Promise.reject(new Unavailable(`${part} is away`, { code: 'x' }))
      : Promise.resolve(value);
  const cluster: IntegrityCluster = {
    gateway: 'gw/mlops',
    containers: () => up('cluster', world.containers),
    objects: () => up('cluster', world.objects),
    route: () => up('cluster', world.route),
    approved: () => up('cluster', world.approved),
    approve: async (_namespace, _revision, image) => {
      world.putBack.push(`approved ${image}`);
    },
    putBack: async (_spec, replicas) => {
      world.putBack.push(`objects${replicas ? ' and replicas' : ''}`);
    },
    putRouteBack: async ({ revision }) => {
      world.putBack.push(`route to ${revision}`);
    },
  };
  const check = new IntegrityCheck({
    cluster,
    registryName: 'registry:5000',
    everySeconds: 60,
    rereadHours: 24,
    log: quiet,
    clock: { now: () => new Date(), sleep: async () => world.duringPause() },
    images: {
      manifest: () =>
        up(
          'image',
          world.manifest === null
            ? null
            : { digest: sha(MANIFEST), mediaType: '', bytes: Buffer.from(world.manifest) },
        ),
      hasBlob: async (_repository, digest) => world.blobs.has(digest),
    },
    artifacts: {
      witness: () => up('artifacts', { size: world.bytes.length, mark: world.mark }),
      get: async () => {
        world.reads += 1;
        return Readable.from([Buffer.from(world.bytes)]);
      },
    },
    odoo: {
      call: async <T>(
        _caller: unknown,
        _model: string,
        method: string,
        kwargs: Record<string, unknown>,
      ) => {
        if (method === 'integrity_round') return [structuredClone(due)] as T;
        if (method === 'work') return structuredClone(work) as T;
        world.reports.push(kwargs as unknown as Report);
        return { accepted: true } as T;
      },
    },
  });
  const round = async (): Promise<Report | undefined> => {
    await check.round(new AbortController().signal);
    return world.reports.at(-1);
  };
  return { world, work, due, round };
}

describe('integrity check', () => {
  it('says nothing when nothing changed, and reads no byte', async () => {
    const { world, round } = scene();
    expect(await round()).to.equal(undefined);
    expect([world.reads, world.putBack]).to.deep.equal([0, []]);
  });

  it('reads the bytes when they are due, or when the object was written since', async () => {
    const first = scene();
    Object.assign(first.due, { deep: true, witness: {} });
    expect(await first.round()).to.deep.include({ state: 'good', read: true });
    expect(first.world.reports[0]!.witness).to.deep.equal({
      k: { mark: 'm1', digest: sha('weights') },
    });
    const written = scene();
    Object.assign(written.world, { mark: 'm2', bytes: 'wEights' });
    expect(await written.round()).to.deep.include({
      state: 'bad',
      reason: 'ArtifactChanged',
      put_back: [],
    });
    expect([written.world.reads, written.world.putBack]).to.deep.equal([1, []]);
    written.due.witness = written.world.reports[0]!.witness as never;
    await written.round();
    expect(written.world.reads, 'what was found once is not read again').to.equal(1);
  });

  it('tells a missing route and puts it back; tells only, where that is the policy', async () => {
    const { world, due, round } = scene();
    world.route = null;
    expect(await round()).to.deep.include({
      state: 'bad',
      reason: 'RouteMissing',
      put_back: ['Route digits'],
    });
    expect(world.putBack).to.deep.equal(['route to digits-v2']);
    due.policy = 'tell';
    expect(await round()).to.deep.include({ state: 'bad', put_back: [] });
    expect(world.putBack).to.have.length(1);
  });

  it('puts a changed Deployment back with its size; that of one that is kept is its own business', async () => {
    const { world, work, round } = scene();
    world.objects = [
      {
        kind: 'Deployment',
        name: 'digits-v2',
        missing: false,
        changes: [{ path: 'spec.template', expected: 1, found: 2 }],
        by: null,
      },
    ];
    await round();
    Object.assign(work, { desired: 'kept', isLive: false });
    await round();
    expect(world.putBack).to.deep.equal(['objects and replicas', 'objects']);
  });

  it('leaves traffic alone while another version is on its way', async () => {
    const { world, work, round } = scene();
    work.siblings = [
      { deploymentId: 8, versionId: 3, desired: 'serving', phase: 'Progressing', isLive: false },
    ];
    world.route!.rules[0]!.backends = [
      { name: 'digits-v2', weight: 90 },
      { name: 'digits-v3', weight: 10 },
    ];
    expect(await round()).to.equal(undefined);
  });

  it('tells nothing of what is gone at the second look, nor when somebody deploys meanwhile', async () => {
    const passing = scene();
    const route = passing.world.route;
    passing.world.route = null;
    passing.world.duringPause = () => {
      passing.world.route = route;
    };
    expect(await passing.round()).to.equal(undefined);
    const deployed = scene();
    deployed.world.route = null;
    deployed.world.duringPause = () => {
      deployed.work.generation = 5;
    };
    expect(await deployed.round()).to.equal(undefined);
  });

  it('does not clear what was wrong with a registry that is away now', async () => {
    const { world, due, round } = scene();
    world.blobs.delete('sha256:l');
    const told = (await round())!;
    expect(told).to.deep.include({ state: 'bad', reason: 'LayerMissing', put_back: [] });
    Object.assign(due.reported, { state: 'bad', differences: told.differences });
    world.away.add('image');
    await round();
    expect(world.reports).to.have.length(1);
    world.away.clear();
    world.blobs.add('sha256:l');
    expect(await round()).to.deep.include({ state: 'good', reason: 'AsApproved' });
  });

  it('puts what Odoo approved on the list of a cluster that is new to it', async () => {
    const { world, round } = scene();
    world.approved = undefined;
    expect(await round()).to.equal(undefined);
    expect(world.putBack).to.deep.equal([`approved ${IMAGE}`]);
  });
});
