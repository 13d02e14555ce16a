import { expect } from 'chai';
import { shareOf } from '../../../../src/domain/rollouts/revision.ts';
import { decide } from '../../../../src/domain/rollouts/decide.ts';
import type { Decision } from '../../../../src/domain/rollouts/types.ts';
import { describe as inWords, stepsOf } from '../../../../src/domain/rollouts/strategy.ts';
import type { Step } from '../../../../src/domain/rollouts/strategy.ts';
import { NOW } from './revision-builders.ts';
import { DEADLINE_MS, NEW, OLD, TICK_MS, World } from './simulated-world.ts';
import { random } from '../../../fakes/seeded-random.ts';

const FUZZ = Math.max(1, Number(process.env['CREATIVEFLOW_FUZZ'] ?? 1));
const TICKS = 100_000 * FUZZ;
/** looks after which some pod that is ready and may have traffic has it */
const LOOKS_MAX = 6;

/**
 * What a person who trusts nobody writes down beside: which gates were passed, and since when each
 * was waited at.
 */
class Gates {
  readonly #steps: Step[];
  readonly #world: World;
  readonly #passed = new Set<number>();
  #verdict: { step: number; verdict: string } | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#steps = stepsOf(world.want, null);
  }

  /**
   * The most that may go to the new version: the weight before the first gate that is still closed.
   */
  get weightMax(): number {
    const closed = this.#steps.findIndex((step, at) => !this.#isOpen(step, at));
    const before = closed < 0 ? this.#steps : this.#steps.slice(0, closed);
    return Math.max(0, ...before.map((step) => (step.kind === 'weight' ? step.percent : 0)));
  }

  get closed(): string[] {
    return this.#steps.flatMap((step, at) =>
      this.#isOpen(step, at) ? [] : [`${at} ${step.kind}`],
    );
  }

  /** a step gave it traffic before */
  get admitted(): boolean {
    const first = this.#steps.findIndex(({ kind }) => kind === 'weight');
    return (this.#world.want.progress?.step ?? 0) > first || first === this.#steps.length - 1;
  }

  /** The share that the step gives which is being taken: it may be there before it is recorded. */
  get taken(): number | null {
    const step = this.#steps[this.#world.want.progress?.step ?? 0];
    return step?.kind === 'weight' ? step.percent : null;
  }

  /** Before a decision is obeyed: is what it passes over truly passed? */
  see({ action }: Decision): void {
    const { want, state, now } = this.#world;
    if (state.judgement) this.#verdict = state.judgement;
    if (state.smoke.preview?.ok) this.#pass('preview');
    if (action.kind !== 'progress') return;
    const known = want.progress;
    for (let at = known?.step ?? 0; at < action.step; at += 1) {
      const step = this.#steps[at]!;
      const waited = known?.step === at && !known.interrupted ? now - known.since.getTime() : -1;
      if (step.kind === 'wait' && waited >= step.seconds * 1000) this.#passed.add(at);
      if (
        step.kind === 'judge' &&
        waited >= step.seconds * 1000 &&
        this.#verdict?.step === at &&
        this.#verdict.verdict === 'pass'
      )
        this.#passed.add(at);
      if (action.interrupted || !this.#isOpen(step, at))
        throw new Error(
          `step ${at} (${inWords(step, 1)}) is passed over; waited ${waited}, ${JSON.stringify(this.#verdict)}`,
        );
    }
  }

  #pass(kind: Step['kind']): void {
    this.#steps.forEach((step, at) => {
      if (step.kind === kind) this.#passed.add(at);
    });
  }

  #isOpen(step: Step, at: number): boolean {
    const { approvedStep, skipTo } = this.#world.want.controls;
    if (step.kind === 'approve') return at <= approvedStep || at < skipTo;
    if (step.kind === 'wait' || step.kind === 'judge') return this.#passed.has(at) || at < skipTo;
    return step.kind !== 'preview' || this.#passed.has(at);
  }
}

/**
 * One rollout to its end; answers how many ticks it took. A recreate promises less on the way and
 * as much at its end: either all of the new version is ready and has the traffic, or the old one
 * has it, at its old size.
 */
function story(seed: number, foreign: number): number {
  const next = random(seed);
  const world = new World(next);
  const gates = new Gates(world);
  const hands: string[] = [];
  const about = (what: string): string =>
    `${what} (seed ${seed}, ${world.want.strategy}, ${hands.slice(-4).join(', ')})`;
  const served = !world.first;
  const recreate = world.want.strategy === 'recreate';
  let end: Decision['phase'] = null;
  let ticks = 0;
  let stale: Decision | null = null;
  let without = { looks: 0, who: '' };
  for (; end === null; ticks += 1) {
    expect(world.now - NOW.getTime(), about('no end')).to.be.below(DEADLINE_MS + 120_000);
    const decision = decide(world.want, world.state, new Date(world.now));
    const { action } = decision;
    try {
      gates.see(decision);
    } catch (error) {
      throw new Error(about((error as Error).message), { cause: error });
    }
    if (action.kind === 'route') {
      expect(
        action.backends.reduce((sum, { weight }) => sum + weight, 0),
        about('weights'),
      ).to.equal(100);
      expect(
        action.backends.every(({ weight }) => Number.isInteger(weight) && weight > 0),
        about('whole weights'),
      ).to.equal(true);
      const gets = action.backends.find((backend) => backend.revision === NEW)?.weight ?? 0;
      const standsIn = gates.admitted && (world.old?.readyReplicas ?? 0) === 0;
      if (gets > gates.weightMax)
        expect(
          standsIn,
          about(`${gets} % of traffic, and ${gates.weightMax} % is passed`),
        ).to.equal(true);
      else if (gets > shareOf(world.state.publicRoute, NEW) * 100)
        expect(
          world.state.revision?.readyReplicas ?? 0,
          about('traffic to a revision that is not ready'),
        ).to.be.above(gates.admitted && foreign > 0 ? -1 : 0);
      if (gets === 100 && !standsIn && foreign === 0)
        expect(
          world.state.revision?.readyReplicas,
          about('all traffic before all pods'),
        ).to.be.at.least(world.want.replicas);
    }
    if (action.kind === 'scale-previous' && action.replicas === 0) {
      expect(recreate, about('the old one is given up')).to.equal(true);
      expect(world.state.blocker, about('given up for what cannot start')).to.equal(null);
    }
    expect(['clean', 'remove'], about('something is removed in mid-rollout')).to.not.include(
      action.kind,
    );
    if (decision.phase === 'Ready')
      expect(gates.closed, about('it is live, and nobody passed')).to.deep.equal([]);
    if (decision.phase === 'Ready' || decision.phase === 'Failed') end = decision.phase;
    if (!recreate && end === null) without = answered(world, gates, without, about);
    // the bridge is killed between deciding and doing; or another, slower one does what it decided
    // a moment ago
    const chance = next();
    if (chance > 0.02 || end !== null) world.obey(decision);
    if (
      chance > 0.99 &&
      end === null &&
      stale !== null &&
      !['back-out', 'progress'].includes(stale.action.kind)
    ) {
      world.obey(stale);
      world.touched = true;
    }
    stale = decision;
    if (end === null) world.happen();
    if (decision.againInMs !== 0)
      Object.assign(world.state, { smoke: { preview: null, public: null }, judgement: null });
    if (end === null && next() < foreign) hands.push(world.foreignHand());
  }
  if (end === 'Failed') removed(world, about);
  expect(shareOf(world.state.publicRoute, NEW), about(`traffic after ${end}`)).to.equal(
    end === 'Ready' ? 1 : 0,
  );
  if (end === 'Failed') {
    expect(shareOf(world.state.publicRoute, OLD), about('what served before serves')).to.equal(
      served ? 1 : 0,
    );
    if (served)
      expect(world.old?.wantedReplicas, about('at its old size')).to.be.at.least(
        recreate ? world.oldSize : Math.min(1, world.oldSize),
      );
    expect(world.state.revision, about('what failed is gone')).to.equal(null);
  } else if (recreate)
    expect(world.state.revision?.readyReplicas, about('all of it is ready')).to.be.at.least(
      world.want.replicas,
    );
  return ticks;
}

/** Some pod that is ready has the traffic; a version that no step let in counts for nothing. */
function answered(
  world: World,
  gates: Gates,
  before: { looks: number; who: string },
  about: (what: string) => string,
): typeof before {
  const { publicRoute, revision, drift } = world.state;
  const old = world.old?.readyReplicas ? OLD : '';
  const own =
    revision?.readyReplicas && gates.admitted && (world.want.progress?.step ?? 0) > 0 ? NEW : '';
  const ready = [old, own].filter((name) => name !== '');
  const who = ready.join();
  const backends = publicRoute?.backends.filter(({ weight }) => weight > 0) ?? [];
  const isTaken = (name: string, weight: number): boolean =>
    name === NEW && weight === gates.taken && (revision?.readyReplicas ?? 0) > 0;
  const leads =
    backends.length > 0 &&
    backends.every(({ revision: name, weight }) => ready.includes(name) || isTaken(name, weight)) &&
    !publicRoute?.edited;
  const waits =
    ready.length === 0 ||
    (world.first && own === '') ||
    (drift?.own.length ?? 0) + (drift?.stable.length ?? 0) > 0;
  if (leads || waits || who !== before.who || world.touched) {
    world.touched = false;
    return { looks: 0, who };
  }
  // the first traffic of a first version waits for its steps
  if (world.first && shareOf(publicRoute, NEW) === 0 && publicRoute === null)
    return { looks: 0, who };
  expect(
    before.looks,
    about(
      `${who} is ready, and the traffic goes to ${backends.map(({ revision: name }) => name).join() || 'nobody'}`,
    ),
  ).to.be.below(LOOKS_MAX);
  return { looks: before.looks + 1, who };
}

/** Odoo wants it removed until the bridge says that it is gone, and then it is. */
function removed(world: World, about: (what: string) => string): void {
  const failed = { ...world.want, failed: true, desired: 'removed' as const };
  for (let turn = 0; turn < 200; turn += 1) {
    const decision = decide(failed, world.state, new Date(world.now));
    if (decision.phase === 'Removed') {
      expect(
        [
          world.state.revision,
          shareOf(world.state.publicRoute, NEW),
          shareOf(world.state.previewRoute, NEW),
        ],
        about('said to be gone'),
      ).to.deep.equal([null, 0, 0]);
      return;
    }
    world.obey(decision);
    world.now += TICK_MS;
    if (world.state.revision?.deleting && turn % 7 === 6) world.state.revision = null;
  }
  throw new Error(about('never gone'));
}

describe('rollouts with everything going wrong', () => {
  for (const [who, foreign, part] of [
    ['by itself', 0, 2],
    ['by foreign hands', 0.05, 4],
    ['by many foreign hands', 0.3, 8],
  ] as const) {
    const wanted = Math.round(TICKS / part);
    it(`keep their promises for ${wanted.toLocaleString('en')} ticks, ${who}`, function () {
      this.timeout(120_000 * FUZZ);
      const first = Number(process.env['CREATIVEFLOW_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
      let [ticks, stories] = [0, 0];
      while (ticks < wanted) ticks += story(first + stories++, foreign);
      expect(stories).to.be.above(40);
    });
  }
});
