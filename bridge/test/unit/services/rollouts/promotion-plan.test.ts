import { expect } from 'chai';
import { Forbidden, NotFound } from '../../../../src/errors.ts';
import { planner } from '../../../../src/services/rollouts/promotion-plan.ts';
import type { Caller, DeploymentWork, OdooPort } from '../../../../src/services/ports/odoo.ts';
import type { PromotionPlan } from '../../../../src/contract/rollout.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { PRODUCTION } from '../../../fakes/deployment-work.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const NOW = new Date('2026-03-01T12:00:00Z');
const ADA: Caller = { kind: 'key', key: 'ada' };

/** A cluster of four GPUs; version 1 serves with two pods that hold so many of them. */
function scene({
  held = 0,
  strategy = 'blue-green' as DeploymentWork['strategy'],
  serves = true,
  digest = DIGEST as string | null,
  ...over
}: Partial<DeploymentWork> & { held?: number; serves?: boolean; digest?: string | null } = {}) {
  const cluster = new MemoryCluster();
  const looks = { capacity: 0 };
  cluster.capacity = async () => {
    looks.capacity += 1;
    return {
      nodes: [{ name: 'a', gpus: 4, schedulable: true }],
      holders: held
        ? [
            {
              node: 'a',
              namespace: 'mlops-production',
              pod: 'digits-v1-a',
              gpus: held,
              terminating: false,
            },
          ]
        : [],
      quotas: [],
    };
  };
  if (serves) {
    const pod = {
      name: 'digits-v1-a',
      phase: 'Running',
      ready: true,
      terminating: false,
      createdAt: NOW,
      reason: null,
      message: null,
      unscheduled: null,
      containers: [],
      warnings: [],
      lastLogLine: null,
    };
    cluster.revisions.set('digits-v1', {
      name: 'digits-v1',
      image: 'x',
      wantedReplicas: 2,
      readyReplicas: 2,
      upToDate: true,
      appliedAt: NOW,
      creationFailure: null,
      pods: [pod],
    });
    cluster.routes.set('digits', {
      backends: [{ revision: 'digits-v1', weight: 100 }],
      changedBy: 3,
      before: [],
      accepted: true,
    });
  }
  const known = {
    versionId: 2,
    modelId: 1,
    slug: 'digits',
    version: '2.0.0',
    image: 'registry.test:5000/models/digits',
    imageDigest: DIGEST,
    strategy,
    steps: null,
    serving: { replicas: 2, gpus: 1 },
    queueUntil: null,
    queue: [],
    stable: serves
      ? {
          deploymentId: 3,
          versionId: 1,
          version: '1.0.0',
          image: 'registry.test:5000/models/digits',
          imageDigest: DIGEST,
          serving: { replicas: 2, gpus: 1 },
        }
      : null,
    environment: {
      ...PRODUCTION,
      strategiesAllowed: ['blue-green', 'rolling', 'canary', 'recreate'],
      canarySteps: [
        { kind: 'scale', percent: 50 },
        { kind: 'weight', percent: 10 },
        { kind: 'scale', percent: 100 },
        { kind: 'weight', percent: 100 },
      ],
    },
    ...over,
  };
  const asked: unknown[] = [];
  const odoo = {
    call: async (caller: Caller, model: string, method: string, kwargs: object) => {
      asked.push([caller, `${model}.${method}`, kwargs]);
      return structuredClone(known);
    },
  } as unknown as OdooPort;
  const planOf = planner({
    odoo,
    cluster,
    registry: { digestOf: async () => digest },
    clock: { now: () => NOW, sleep: async () => undefined },
    registryName: 'registry.test:5000',
  });
  const plan = (modelId = 1): Promise<PromotionPlan> =>
    planOf(ADA, { modelId, versionId: 2 }, { target: 'production', strategy }, 'r');
  return { cluster, looks, asked, plan };
}

const fitting = ({ strategies }: PromotionPlan): string[] =>
  strategies.filter(({ fits }) => fits).map(({ name }) => name);

describe('a plan', () => {
  it('asks Odoo as the person, looks once at the cluster, and changes nothing', async () => {
    const { cluster, looks, asked, plan } = scene({ held: 2 });
    expect(await plan()).to.deep.equal({
      target: 'production',
      strategy: 'blue-green',
      fits: true,
      obstacle: null,
      steps: [
        'Start 2 of 2 pods of the new version.',
        'Smoke-test the new version on its preview route.',
        'Send all traffic to the new version.',
      ],
      strategies: ['blue-green', 'rolling', 'canary', 'recreate'].map((name) => ({
        name,
        fits: true,
      })),
    });
    expect(asked).to.deep.equal([
      [
        ADA,
        'mlops.model.version.promotion_plan',
        { version_id: 2, target: 'production', strategy: 'blue-green' },
      ],
    ]);
    expect([looks.capacity, cluster.asked]).to.deep.equal([1, []]);
  });

  it('says what stands against it, who holds the GPUs, and what would fit', async () => {
    const plan = await scene({ held: 3 }).plan();
    expect(plan.fits).to.equal(false);
    expect(plan.obstacle).to.deep.equal({
      reason: 'GpusNotFree',
      waits: false,
      message:
        '2 GPUs are wanted (2 pods with 1 each), 1 of 4 are free. Held by mlops-production/digits-v1-a 3. Promote it as rolling, which needs capacity for one pod at a time, or as canary, which needs capacity for one pod at first, or as recreate, which needs no spare capacity; the endpoint is down until the new version is ready.',
    });
    expect(fitting(plan)).to.deep.equal(['rolling', 'canary', 'recreate']);
    expect(fitting(await scene({ held: 4 }).plan())).to.deep.equal(['recreate']);
  });

  it('of a recreate: the gap in words, and that it fits', async () => {
    const plan = await scene({ held: 4, strategy: 'recreate' }).plan();
    expect(plan.fits).to.equal(true);
    expect(plan.steps[0]).to.match(/endpoint is down until the new version is ready/);
  });

  it('of a first version: there is nothing to come beside', async () => {
    const plan = await scene({ serves: false, strategy: 'recreate' }).plan();
    expect([plan.fits, plan.steps.length]).to.deep.equal([true, 3]);
  });

  it('would wait for room, behind whom', async () => {
    const queue = [
      {
        deploymentId: 5,
        name: 'fraud-scorer',
        version: '2.1',
        queueUntil: '2026-03-01T12:10:00Z',
        paused: false,
        strategy: 'blue-green' as const,
        steps: null,
        serving: { gpus: 4 },
        previous: null,
      },
    ];
    const { obstacle } = await scene({ queueUntil: '2026-03-01T12:10:00Z', queue }).plan();
    expect(obstacle).to.deep.equal({
      reason: 'BehindOthers',
      message: 'Free capacity goes to earlier requests. It would wait behind fraud-scorer 2.1.',
      waits: true,
    });
  });

  it('fits nowhere when the image is gone, or the environment is too small', async () => {
    const gone = await scene({ digest: null, queueUntil: '2026-03-01T12:10:00Z' }).plan();
    expect([gone.obstacle?.reason, gone.obstacle?.waits, fitting(gone)]).to.deep.equal([
      'ImageNotFound',
      false,
      [],
    ]);
    const large = await scene({ serving: { replicas: 9 } }).plan();
    expect([large.obstacle?.reason, fitting(large)]).to.deep.equal(['TooManyReplicas', []]);
  });

  it('is for who may see it, and of the model that was named', async () => {
    const { plan } = scene();
    expect(await plan(9).catch((error: unknown) => error)).to.be.instanceOf(NotFound);
    const refused = planner({
      odoo: {
        call: async () => {
          throw new Forbidden('Needs the role Approver.', { code: 'forbidden' });
        },
      } as unknown as OdooPort,
      cluster: new MemoryCluster(),
      registry: { digestOf: async () => DIGEST },
      clock: { now: () => NOW, sleep: async () => undefined },
      registryName: 'r',
    });
    expect(
      await refused(
        ADA,
        { modelId: 1, versionId: 2 },
        { target: 'production', strategy: 'rolling' },
        'r',
      ).catch((error: unknown) => error),
    ).to.be.instanceOf(Forbidden);
  });
});
