import type {
  Decision,
  Judgement,
  Observed,
  DesiredState,
} from '../../../../src/domain/rollouts/types.ts';
import type { Judge, Step } from '../../../../src/domain/rollouts/strategy.ts';
import {
  container,
  IMAGE,
  NOW,
  observed,
  pod,
  revision,
  route,
  wanted,
} from './revision-builders.ts';

export const DEADLINE_MS = 400_000;
export const TICK_MS = 1_000;
export const OLD = 'digits-v1';
export const NEW = 'digits-v2';

function someSteps(next: () => number): Step[] {
  const judge: Judge = {
    kind: 'judge',
    seconds: 5 + Math.floor(next() * 20),
    minRequests: 10,
    maxErrorRate: 0.01,
    maxLatencyRatio: 2,
    maxRestarts: 0,
    tooLittle: 'wait',
    withinSeconds: 60,
    signal: null,
  };
  const timed = (): Step[] => {
    const kind = Math.floor(next() * 5);
    if (kind === 0) return [{ kind: 'wait', seconds: 1 + Math.floor(next() * 30) }];
    return kind === 1 ? [judge] : kind === 2 ? [{ kind: 'approve', withinSeconds: 120 }] : [];
  };
  const weights = [
    ...new Set(
      Array.from({ length: 1 + Math.floor(next() * 4) }, () => 1 + Math.floor(next() * 99)),
    ),
  ].sort((a, b) => a - b);
  return [
    { kind: 'scale', percent: 25 + Math.floor(next() * 76) },
    { kind: 'preview' },
    ...timed(),
    ...weights.flatMap((percent): Step[] => [{ kind: 'weight', percent }, ...timed()]),
    { kind: 'scale', percent: 100 },
    ...timed(),
    { kind: 'weight', percent: 100 },
  ];
}

/**
 * A cluster, its gateway and the people around it; everything that can go wrong does, at some time.
 */
export class World {
  now = NOW.getTime();
  state: Observed;
  want: DesiredState;
  /** what serves; null: somebody deleted it */
  old: Observed['previous'];
  readonly first: boolean;
  readonly oldSize: number;
  /** somebody changed something in this tick */
  touched = false;
  readonly #next: () => number;

  constructor(next: () => number) {
    this.#next = next;
    this.oldSize = 1 + Math.floor(next() * 4);
    this.old = revision({ name: OLD, image: 'old', wantedReplicas: this.oldSize });
    this.first = next() < 0.15;
    this.state = observed(
      this.first ? {} : { previous: this.old, publicRoute: route({ [OLD]: 100 }) },
    );
    const strategy = (['canary', 'canary', 'rolling', 'blue-green', 'recreate'] as const)[
      Math.floor(next() * 5)
    ]!;
    this.want = wanted({
      strategy,
      steps: strategy === 'canary' ? someSteps(next) : null,
      replicas: 1 + Math.floor(next() * 4),
      deadline: new Date(this.now + DEADLINE_MS),
      alone: this.first,
      stable: this.first ? null : { revision: OLD, image: 'old', replicas: this.oldSize },
    });
    if (this.first) this.old = null;
  }

  obey({ action }: Decision): void {
    const { state, want } = this;
    const own = state.revision;
    switch (action.kind) {
      case 'apply': {
        if (own?.deleting) break;
        const readyReplicas =
          own?.image === IMAGE ? Math.min(own.readyReplicas, action.replicas) : 0;
        state.revision = revision({
          wantedReplicas: action.replicas,
          readyReplicas,
          upToDate: false,
        });
        break;
      }
      case 'apply-preview':
        state.previewRoute = route({ [want.revision]: 100 });
        break;
      case 'smoke':
        state.smoke = {
          ...state.smoke,
          [action.through]: { ok: this.#next() > 0.03, message: 'refused' },
        };
        break;
      case 'route':
        state.publicRoute = {
          ...route({}),
          backends: action.backends,
          changedBy: want.deploymentId,
          before: action.before,
        };
        break;
      case 'scale-previous':
        this.#scaleOld(action.replicas);
        break;
      case 'restore-stable':
        this.#restoreOld(action.replicas);
        break;
      case 'mend':
        state.drift = { own: [], stable: [], ...state.drift, [action.side]: [] };
        break;
      case 'progress':
        this.#record(action.step, action.interrupted === true);
        break;
      case 'judge':
        state.judgement = {
          step: action.step,
          verdict: this.#verdict(),
          sentence: 'Because.',
          numbers: {} as Judgement['numbers'],
        };
        break;
      case 'back-out':
        if (action.restore === null) break;
        state.publicRoute = action.restore.length
          ? {
              ...route({}),
              backends: action.restore,
              changedBy: want.deploymentId,
              before: action.restore,
            }
          : null;
        for (const backend of action.restore) {
          if (this.old === null) this.#restoreOld(backend.replicas);
          else this.#scaleOld(backend.replicas);
        }
        if (action.release && own) own.wantedReplicas = own.readyReplicas = 0;
        break;
      case 'remove':
        if (action.remaining && action.remaining.length === 0) state.publicRoute = null;
        else if (action.remaining)
          state.publicRoute = { ...state.publicRoute!, backends: action.remaining };
        state.previewRoute = null;
        this.#delete();
        break;
      case 'clean':
        state.previewRoute = null;
        this.#delete();
        break;
      default:
    }
    this.look();
  }

  look(): void {
    this.state.previous = this.old;
  }

  /** As Odoo keeps it: it never goes back. */
  #record(step: number, interrupted: boolean): void {
    const known = this.want.progress;
    if (step < (known?.step ?? 0)) return;
    const since = interrupted && known ? known.since : new Date(this.now);
    this.want.progress = { step, since, baseline: null, judgements: [], interrupted };
  }

  #verdict(): Judgement['verdict'] {
    if (this.#next() < 0.6) return 'pass';
    return this.#next() < 0.9 ? 'wait' : 'fail';
  }

  /** A finalizer that somebody put there keeps it for a while. */
  #delete(): void {
    const { state } = this;
    if (!state.revision) return;
    if (state.revision.deleting || this.#next() < 0.2)
      state.revision.deleting ??= ['somebody.example/keeps-it'];
    else state.revision = null;
  }

  #scaleOld(replicas: number): void {
    if (!this.old) return;
    if (replicas === 0 && this.old.wantedReplicas > 0) this.old.pods = [pod({ terminating: true })];
    this.old.wantedReplicas = replicas;
    this.old.readyReplicas = Math.min(this.old.readyReplicas, replicas);
  }

  #restoreOld(replicas: number): void {
    const readyReplicas = this.old === null ? 0 : Math.min(this.old.readyReplicas, replicas);
    this.old = revision({ name: OLD, image: 'old', wantedReplicas: replicas, readyReplicas });
  }

  /** what happens by itself, and what people do in Odoo */
  happen(): void {
    const chance = this.#next();
    const { state, want } = this;
    const own = state.revision;
    this.now += TICK_MS * (chance < 0.01 ? 30 : 1);
    if (chance < 0.004) want.controls = { ...want.controls, paused: !want.controls.paused };
    else if (chance < 0.02)
      want.controls = {
        ...want.controls,
        paused: false,
        approvedStep: Math.max(want.controls.approvedStep, Math.floor(this.#next() * 8)),
      };
    else if (chance < 0.024)
      want.controls = {
        ...want.controls,
        skipTo: Math.max(want.controls.skipTo, Math.floor(this.#next() * 8)),
      };
    if (this.old) {
      if (this.#next() > 0.4) this.old.pods = [];
      if (this.#next() > 0.3)
        this.old.readyReplicas = Math.min(this.old.wantedReplicas, this.old.readyReplicas + 1);
    }
    // of a recreate alone: room comes and goes, an image goes for good
    const luck = want.strategy === 'recreate' ? this.#next() : 1;
    if (luck < 0.02) state.blocker = { reason: 'QuotaExceeded', message: 'full' };
    else if (luck < 0.022) state.blocker = { reason: 'ImageNotFound', message: 'gone' };
    else if (luck < 0.1 && state.blocker?.reason === 'QuotaExceeded') state.blocker = null;
    if (own?.deleting && this.#next() < 0.3) state.revision = null;
    if (!own || own.deleting) return;
    if (chance > 0.3) {
      own.upToDate = true;
      own.readyReplicas = Math.min(own.wantedReplicas, own.readyReplicas + 1);
    } else if (chance > 0.27) own.readyReplicas = Math.max(0, own.readyReplicas - 1);
    else if (chance > 0.268) {
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

  /** Somebody with rights in the cluster does what he likes. */
  foreignHand(): string {
    const hands = Object.keys(HANDS) as (keyof typeof HANDS)[];
    const hand = hands[Math.floor(this.#next() * hands.length)]!;
    HANDS[hand](this, this.#next);
    this.touched = true;
    this.look();
    return hand;
  }
}

const some = (next: () => number, least: number, most: number): number =>
  least + Math.floor(next() * (most - least + 1));
const hold = (one: Observed['previous'], next: () => number, gone: () => void): void => {
  if (one && next() < 0.3) one.deleting = ['somebody.example/keeps-it'];
  else gone();
};

/** What can be done to the objects of a rollout by hand. */
const HANDS = {
  'deletes the route': ({ state }) => {
    state.publicRoute = null;
  },
  'gives the new version all traffic': ({ state }) => {
    if (state.publicRoute)
      state.publicRoute = { ...state.publicRoute, backends: [{ revision: NEW, weight: 100 }] };
  },
  'gives the old version all traffic': (world) => {
    if (world.state.publicRoute && world.old)
      world.state.publicRoute = {
        ...world.state.publicRoute,
        backends: [{ revision: OLD, weight: 100 }],
      };
  },
  'sets other weights': ({ state, first }, next) => {
    const weight = some(next, 1, 99);
    if (state.publicRoute && !first)
      state.publicRoute = {
        ...state.publicRoute,
        backends: [
          { revision: NEW, weight },
          { revision: OLD, weight: 100 - weight },
        ],
      };
  },
  'leads the route elsewhere': ({ state }) => {
    if (state.publicRoute)
      state.publicRoute = { ...state.publicRoute, backends: [{ revision: 'stranger', weight: 1 }] };
  },
  'adds a rule to the route': ({ state }) => {
    if (state.publicRoute) state.publicRoute = { ...state.publicRoute, edited: 'spec.rules[1]' };
  },
  'writes into the annotations of the route': ({ state, want }, next) => {
    if (!state.publicRoute) return;
    const changedBy = next() < 0.5 ? want.deploymentId : 99;
    const before =
      next() < 0.5 ? null : next() < 0.5 ? [] : [{ revision: NEW, weight: 100, replicas: 9 }];
    state.publicRoute = { ...state.publicRoute, changedBy, before };
  },
  'makes a route': ({ state }) => {
    state.publicRoute ??= route({ [NEW]: 100 });
  },
  'deletes the preview': ({ state }) => {
    state.previewRoute = null;
  },
  'leads the preview to the old version': ({ state }) => {
    if (state.previewRoute)
      state.previewRoute = { ...state.previewRoute, edited: 'spec.rules[0].backendRefs[0]' };
  },
  'deletes the Service of the new version': ({ state }) => {
    state.drift = { own: [`Service ${NEW}`], stable: state.drift?.stable ?? [] };
  },
  'changes the selector of the old version': ({ state, first }) => {
    if (!first) state.drift = { stable: [`Service ${OLD}`], own: state.drift?.own ?? [] };
  },
  'deletes both policies': ({ state, first }) => {
    state.drift = { own: [`NetworkPolicy ${NEW}`], stable: first ? [] : [`NetworkPolicy ${OLD}`] };
  },
  'scales the old version to nothing': ({ old }) => {
    if (old) old.wantedReplicas = old.readyReplicas = 0;
  },
  'scales the old version': ({ old }, next) => {
    if (old) {
      old.wantedReplicas = some(next, 0, 5);
      old.readyReplicas = Math.min(old.readyReplicas, old.wantedReplicas);
    }
  },
  'scales the new version to nothing': ({ state: { revision: own } }) => {
    if (own) own.wantedReplicas = own.readyReplicas = 0;
  },
  'scales the new version': ({ state: { revision: own } }, next) => {
    if (own) {
      own.wantedReplicas = some(next, 0, 5);
      own.readyReplicas = Math.min(own.readyReplicas, own.wantedReplicas);
    }
  },
  'scales both to nothing': ({ old, state }) => {
    for (const one of [old, state.revision]) if (one) one.wantedReplicas = one.readyReplicas = 0;
  },
  'deletes the old version': (world, next) => {
    hold(world.old, next, () => {
      world.old = null;
    });
    if (world.old?.deleting && next() < 0.9) world.old = null;
  },
  'deletes the new version': ({ state }, next) => {
    hold(state.revision, next, () => {
      state.revision = null;
    });
  },
  'changes the image of the old version': ({ old }) => {
    if (old) old.image = 'evil';
  },
  'changes the image of the new version': ({ state: { revision: own } }) => {
    if (own) {
      own.image = 'evil';
      own.upToDate = false;
    }
  },
  'restarts the new version': ({ state: { revision: own } }) => {
    if (own) own.upToDate = false;
  },
  'kills all pods': ({ old, state }) => {
    for (const one of [old, state.revision]) if (one) one.readyReplicas = 0;
  },
} satisfies Record<string, (world: World, next: () => number) => void>;
