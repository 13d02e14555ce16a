import { expect } from 'chai';
import fc from 'fast-check';
import { isReady, shareOf } from '../../../../src/domain/rollouts/revision.ts';
import { decide } from '../../../../src/domain/rollouts/decide.ts';
import type { Decision, Observed, DesiredState } from '../../../../src/domain/rollouts/types.ts';
import { tries } from '../../fuzz.ts';
import {
  IMAGE,
  NOW,
  container,
  observed,
  pod,
  recordOf,
  revision,
  route,
  wanted,
} from './revision-builders.ts';

/** A cluster that does what is asked of it, late or never. */
class Cluster {
  now = NOW.getTime();
  readonly state: Observed;
  readonly old;
  readonly first;
  constructor(first: boolean, oldReplicas: number) {
    this.old = revision({ name: 'digits-v1', image: 'old', wantedReplicas: oldReplicas });
    this.first = first;
    this.state = observed(
      first ? {} : { previous: this.old, publicRoute: route({ 'digits-v1': 100 }) },
    );
  }

  obey({ action }: Decision, want: DesiredState, smokeOk: (through: string) => boolean): void {
    const { state } = this;
    const own = state.revision;
    if (action.kind === 'apply') {
      const kept = own?.image === want.image ? Math.min(own.readyReplicas, action.replicas) : 0;
      state.revision = revision({
        wantedReplicas: action.replicas,
        readyReplicas: kept,
        upToDate: false,
      });
    } else if (action.kind === 'apply-preview')
      state.previewRoute = route({ [want.revision]: 100 });
    else if (action.kind === 'smoke')
      state.smoke = {
        ...state.smoke,
        [action.through]: { ok: smokeOk(action.through), message: '' },
      };
    else if (action.kind === 'route')
      state.publicRoute = {
        ...route({}),
        backends: action.backends,
        changedBy: want.deploymentId,
        before: action.before,
      };
    else if (action.kind === 'scale-previous') {
      this.old.wantedReplicas = this.old.readyReplicas = action.replicas;
      if (action.replicas === 0) this.old.pods = [pod({ terminating: true })];
    } else if (action.kind === 'back-out' && action.restore) {
      state.publicRoute = action.restore.length
        ? {
            ...route({}),
            backends: action.restore,
            changedBy: want.deploymentId,
            before: action.restore,
          }
        : null;
      for (const backend of action.restore)
        this.old.wantedReplicas = this.old.readyReplicas = backend.replicas;
      if (action.release && own) own.wantedReplicas = own.readyReplicas = 0;
    } else if (action.kind === 'progress') {
      want.progress = {
        step: action.step,
        since: new Date(this.now),
        baseline: null,
        judgements: [],
      };
    } else if (action.kind === 'clean') {
      state.revision = null;
      state.previewRoute = null;
    }
    state.previous = this.first ? null : this.old;
  }

  /** one of the things that happen by themselves */
  happen(event: number): void {
    const own = this.state.revision;
    this.now += 400;
    if (event < 80) this.old.pods = [];
    if (!own) return;
    if (event < 60) {
      own.upToDate = true;
      own.readyReplicas = Math.min(own.wantedReplicas, own.readyReplicas + 1);
    } else if (event < 75) own.readyReplicas = Math.max(0, own.readyReplicas - 1);
    else if (event < 78) {
      own.readyReplicas = 0;
      own.pods = [
        pod({
          containers: [
            container({
              restarts: 5,
              lastTerminated: { reason: 'Error', exitCode: 1, message: '' },
            }),
          ],
        }),
      ];
    }
  }
}

const scenario = fc.record({
  strategy: fc.constantFrom('blue-green' as const, 'rolling' as const, 'recreate' as const),
  replicas: fc.integer({ min: 1, max: 6 }),
  oldReplicas: fc.integer({ min: 1, max: 6 }),
  first: fc.boolean(),
  previewOk: fc.boolean(),
  publicOk: fc.boolean(),
  events: fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 150, maxLength: 150 }),
  killedAt: fc.array(fc.integer({ min: 0, max: 149 }), { maxLength: 5 }),
});

describe('rollout, whatever happens', function () {
  this.timeout(30_000);

  it('gives traffic only to revisions that are ready, and ends Ready or with what served before', () => {
    fc.assert(
      fc.property(
        scenario,
        ({ strategy, replicas, oldReplicas, first, previewOk, publicOk, events, killedAt }) => {
          const cluster = new Cluster(first, oldReplicas);
          const want = wanted({
            strategy,
            replicas,
            ...recordOf(cluster.state),
            deadline: new Date(NOW.getTime() + 50_000),
          });
          let end: Decision['phase'] = null;
          for (let tick = 0; tick < events.length && end === null; tick += 1) {
            const shareBefore = shareOf(cluster.state.publicRoute, want.revision);
            const decision = decide(want, cluster.state, new Date(cluster.now));
            if (
              decision.action.kind === 'route' &&
              shareBefore < 1 &&
              decision.action.backends.some((backend) => backend.revision === want.revision)
            ) {
              const own = cluster.state.revision;
              const weight =
                decision.action.backends.find((backend) => backend.revision === want.revision)
                  ?.weight ?? 0;
              const part =
                own?.image === IMAGE && own.upToDate ? (100 * own.readyReplicas) / replicas : 0;
              expect(part, `traffic to pods that are not ready at tick ${tick}`).to.be.at.least(
                weight - 0.5,
              );
              for (const backend of decision.action.backends)
                expect(['digits-v1', 'digits-v2']).to.include(backend.revision);
            }
            if (decision.action.kind === 'scale-previous' && decision.action.replicas === 0) {
              expect(strategy, `given up at tick ${tick}`).to.equal('recreate');
              expect(
                cluster.state.publicRoute,
                'what served is known, and its size',
              ).to.deep.include({
                changedBy: want.deploymentId,
                before: [{ revision: 'digits-v1', weight: 100, replicas: oldReplicas }],
              });
            }
            if (decision.phase === 'Ready')
              expect(isReady(cluster.state.revision, IMAGE, replicas)).to.equal(true);
            cluster.obey(decision, want, (through) =>
              through === 'preview' ? previewOk : publicOk,
            );
            if (decision.phase === 'Ready' || decision.phase === 'Failed') end = decision.phase;
            cluster.happen(events[tick] ?? 0);
            if (killedAt.includes(tick)) cluster.state.smoke = { preview: null, public: null };
            // a tick ends, and with it what was asked in it
            if (decision.againInMs !== 0) cluster.state.smoke = { preview: null, public: null };
          }
          expect(end, 'no deployment is left without an end').to.be.oneOf(['Ready', 'Failed']);
          if (end === 'Failed') {
            const failed = { ...want, failed: true };
            for (let tick = 0; tick < 5; tick += 1)
              cluster.obey(
                decide(failed, cluster.state, new Date(cluster.now)),
                failed,
                () => false,
              );
            expect(shareOf(cluster.state.publicRoute, 'digits-v2')).to.equal(0);
            expect(shareOf(cluster.state.publicRoute, 'digits-v1')).to.equal(first ? 0 : 1);
            expect(cluster.old.wantedReplicas).to.equal(oldReplicas);
            expect(cluster.state.revision).to.equal(null);
          } else {
            expect(previewOk && publicOk).to.equal(true);
            expect(shareOf(cluster.state.publicRoute, 'digits-v2')).to.equal(1);
          }
        },
      ),
      tries(400),
    );
  });
});
