import { expect } from 'chai';
import { shareOf } from '../../../src/domain/revision.ts';
import type { Judgement, Progress } from '../../../src/domain/revision.ts';
import { decide } from '../../../src/domain/rollout.ts';
import type { Decision, Observed, Wanted } from '../../../src/domain/rollout.ts';
import type { Judge, Step } from '../../../src/domain/strategy.ts';
import { IMAGE, NOW, container, observed, pod, revision, route, wanted } from './revision-builders.ts';

const TICKS = 100_000 * Math.max(1, Number(process.env['CREATIVEFLOW_FUZZ'] ?? 1));
const DEADLINE_MS = 400_000;
const TICK_MS = 1_000;
const OLD = 'digits-v1';
const NEW = 'digits-v2';

/** mulberry32: the same seed, the same story */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function someSteps(next: () => number): Step[] {
  const judge: Judge = { kind: 'judge', seconds: 5 + Math.floor(next() * 20), minRequests: 10, maxErrorRate: 0.01, maxLatencyRatio: 2, maxRestarts: 0, tooLittle: 'wait', withinSeconds: 60, signal: null };
  const timed = (): Step[] => {
    const [kind] = [Math.floor(next() * 5)];
    return kind === 0 ? [{ kind: 'wait', seconds: 1 + Math.floor(next() * 30) }] : kind === 1 ? [judge] : kind === 2 ? [{ kind: 'approve', withinSeconds: 120 }] : [];
  };
  const weights = [...new Set(Array.from({ length: 1 + Math.floor(next() * 4) }, () => 1 + Math.floor(next() * 99)))].sort((a, b) => a - b);
  return [
    { kind: 'scale', percent: 25 + Math.floor(next() * 76) }, { kind: 'preview' }, ...weights.flatMap((percent): Step[] => [{ kind: 'weight', percent }, ...timed()]),
    { kind: 'scale', percent: 100 }, { kind: 'weight', percent: 100 },
  ];
}

/** A cluster, its gateway and the people around it; everything that can go wrong does, at some time. */
class World {
  now = NOW.getTime();
  state: Observed;
  readonly old;
  want: Wanted;
  readonly #next: () => number;
  readonly #oldReplicas: number;

  constructor(next: () => number) {
    this.#next = next;
    this.#oldReplicas = 1 + Math.floor(next() * 4);
    this.old = revision({ name: OLD, image: 'old', wantedReplicas: this.#oldReplicas });
    const first = next() < 0.15;
    this.state = observed(first ? {} : { previous: this.old, publicRoute: route({ [OLD]: 100 }) });
    const strategy = (['canary', 'canary', 'rolling', 'blue-green', 'recreate'] as const)[Math.floor(next() * 5)]!;
    this.want = wanted({ strategy, steps: strategy === 'canary' ? someSteps(next) : null, replicas: 1 + Math.floor(next() * 4), deadline: new Date(this.now + DEADLINE_MS) });
  }

  get served(): boolean { return this.old === this.state.previous || this.state.publicRoute?.before?.some((backend) => backend.revision === OLD) === true; }

  obey({ action }: Decision): void {
    const { state, want } = this;
    const own = state.revision;
    switch (action.kind) {
      case 'apply':
        state.revision = revision({ wantedReplicas: action.replicas, readyReplicas: own?.image === IMAGE ? Math.min(own.readyReplicas, action.replicas) : 0, upToDate: false, progress: own?.progress ?? null });
        break;
      case 'apply-preview': state.previewRoute = route({ [want.revision]: 100 }); break;
      case 'smoke': state.smoke = { ...state.smoke, [action.through]: { ok: this.#next() > 0.03, message: 'refused' } }; break;
      case 'route': state.publicRoute = { ...route({}), backends: action.backends, changedBy: want.deploymentId, before: action.before }; break;
      case 'scale-previous':
        if (action.replicas === 0 && this.old.wantedReplicas > 0) this.old.pods = [pod({ terminating: true })];
        this.old.wantedReplicas = this.old.readyReplicas = action.replicas;
        break;
      case 'progress': if (own) own.progress = { deploymentId: want.deploymentId, step: action.step, since: new Date(this.now), baseline: null, judgements: [] } satisfies Progress; break;
      case 'judge': state.judgement = { step: action.step, verdict: this.#next() < 0.6 ? 'pass' : this.#next() < 0.9 ? 'wait' : 'fail', sentence: 'Because.', numbers: {} as Judgement['numbers'] }; break;
      case 'back-out':
        if (action.restore === null) break;
        state.publicRoute = action.restore.length ? { ...route({}), backends: action.restore, changedBy: want.deploymentId, before: action.restore } : null;
        for (const backend of action.restore) this.old.wantedReplicas = this.old.readyReplicas = backend.replicas;
        if (action.release && own) own.wantedReplicas = own.readyReplicas = 0;
        break;
      case 'clean': state.revision = null; state.previewRoute = null; break;
      default:
    }
    this.#look();
  }

  #look(): void {
    this.state.previous = this.state.publicRoute?.backends.some((backend) => backend.revision === OLD && backend.weight > 0) ? this.old : null;
  }

  /** what happens by itself, and what people do */
  happen(): void {
    const chance = this.#next();
    const { state, want } = this;
    const own = state.revision;
    this.now += TICK_MS * (chance < 0.01 ? 30 : 1);
    if (chance < 0.004) want.controls = { ...want.controls, paused: !want.controls.paused };
    else if (chance < 0.02) want.controls = { ...want.controls, paused: false, approvedStep: Math.max(want.controls.approvedStep, Math.floor(this.#next() * 8)) };
    else if (chance < 0.024) want.controls = { ...want.controls, skipTo: Math.max(want.controls.skipTo, Math.floor(this.#next() * 8)) };
    if (this.#next() > 0.4) this.old.pods = [];
    // of a recreate alone: room comes and goes, an image goes for good
    const luck = want.strategy === 'recreate' ? this.#next() : 1;
    if (luck < 0.02) state.obstacle = { reason: 'QuotaExceeded', message: 'full' };
    else if (luck < 0.022) state.obstacle = { reason: 'ImageNotFound', message: 'gone' };
    else if (luck < 0.1 && state.obstacle?.reason === 'QuotaExceeded') state.obstacle = null;
    if (!own) return;
    if (chance > 0.3) { own.upToDate = true; own.readyReplicas = Math.min(own.wantedReplicas, own.readyReplicas + 1); }
    else if (chance > 0.27) own.readyReplicas = Math.max(0, own.readyReplicas - 1);
    else if (chance > 0.265) own.progress = null; // somebody took the annotation away
    else if (chance > 0.26 && state.publicRoute && this.served) { state.publicRoute = { ...state.publicRoute, backends: [{ revision: OLD, weight: 100 }] }; this.#look(); } // a route set back by hand
    else if (chance > 0.258) { own.readyReplicas = 0; own.pods = [pod({ containers: [container({ restarts: 5, lastTerminated: { reason: 'Error', exitCode: 1, message: '' } })] })]; }
  }
}

/**
 * One rollout to its end; answers how many ticks it took. A recreate promises less on the way and as much at its end: either all of the
 * new version is ready and has the traffic, or the old one has it, at its old size.
 */
function story(seed: number): number {
  const next = random(seed);
  const world = new World(next);
  const about = (what: string): string => `${what} (seed ${seed})`;
  const [served, oldSize] = [world.state.previous !== null, world.old.wantedReplicas];
  let end: Decision['phase'] = null;
  let ticks = 0;
  let stale: Decision | null = null;
  for (; end === null; ticks += 1) {
    expect(world.now - NOW.getTime(), about('no end')).to.be.below(DEADLINE_MS + 120_000);
    const decision = decide(world.want, world.state, new Date(world.now));
    const { action } = decision;
    if (action.kind === 'route') {
      expect(action.backends.reduce((sum, { weight }) => sum + weight, 0), about('weights')).to.equal(100);
      expect(action.backends.every(({ weight }) => Number.isInteger(weight) && weight > 0), about('whole weights')).to.equal(true);
      const gets = action.backends.find((backend) => backend.revision === NEW)?.weight ?? 0;
      if (gets > shareOf(world.state.publicRoute, NEW) * 100) expect(world.state.revision?.readyReplicas, about('traffic to a revision that is not ready')).to.be.above(0);
      if (gets === 100) expect(world.state.revision?.readyReplicas, about('all traffic before all pods')).to.be.at.least(world.want.replicas);
    }
    if (action.kind === 'scale-previous' && action.replicas > 0) expect(world.want.strategy, about('pods of the old one go')).to.equal('rolling');
    else if (action.kind === 'scale-previous') {
      expect(world.want.strategy, about('the old one is given up')).to.equal('recreate');
      expect(world.state.obstacle, about('given up for what cannot start')).to.equal(null);
      expect(world.state.publicRoute, about('given up without knowing what it was')).to.deep.include({ changedBy: world.want.deploymentId, before: [{ revision: OLD, weight: 100, replicas: oldSize }] });
    }
    expect(['clean', 'remove'], about('something is removed in mid-rollout')).to.not.include(action.kind);
    if (decision.phase === 'Ready' || decision.phase === 'Failed') end = decision.phase;
    // the bridge is killed between deciding and doing; or another, slower one does what it decided a moment ago
    const chance = next();
    if (chance > 0.02 || end !== null) world.obey(decision);
    if (chance > 0.99 && end === null && stale !== null && stale.action.kind !== 'back-out') world.obey(stale);
    stale = decision;
    if (end === null) world.happen();
    if (decision.againInMs !== 0) Object.assign(world.state, { smoke: { preview: null, public: null }, judgement: null });
  }
  const failed = { ...world.want, failed: true };
  if (end === 'Failed') for (let turn = 0; turn < 6; turn += 1) world.obey(decide(failed, world.state, new Date(world.now)));
  const recreated = world.want.strategy === 'recreate';
  expect(shareOf(world.state.publicRoute, NEW), about(`traffic after ${end}`)).to.equal(end === 'Ready' ? 1 : 0);
  if (end === 'Failed') {
    expect(shareOf(world.state.publicRoute, OLD), about('what served before serves')).to.equal(served ? 1 : 0);
    if (served) expect(world.old.wantedReplicas, about('at its old size')).to.be.at.least(recreated ? oldSize : Math.min(1, oldSize));
    expect(world.state.revision, about('what failed is gone')).to.equal(null);
  } else if (recreated) expect(world.state.revision?.readyReplicas, about('all of it is ready')).to.be.at.least(world.want.replicas);
  return ticks;
}

describe('rollouts with everything going wrong', () => {
  it(`keep their promises for ${TICKS.toLocaleString('en')} ticks`, function () {
    this.timeout(120_000);
    const first = Number(process.env['CREATIVEFLOW_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    let [ticks, stories] = [0, 0];
    while (ticks < TICKS) ticks += story(first + stories++);
    expect(stories).to.be.above(100);
  });
});
