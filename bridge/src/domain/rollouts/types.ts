import type { Strategy } from '../../contract/rollout.ts';
import type { Step } from './strategy.ts';
import type { Backend, RevisionObserved, RouteObserved } from './revision.ts';
import type { Blocker } from '../capacity/capacity.ts';
import type { Condition } from '../../contract/version.ts';

export interface DesiredState {
  deploymentId: number;
  generation: number;
  revision: string;
  /** reference with digest */
  image: string;
  replicas: number;
  strategy: Strategy;
  /** the list frozen at the promotion; null: the strategy's own */
  steps: Step[] | null;
  controls: Controls;
  /** the step that it has come to, as Odoo recorded it; null: none was recorded */
  progress: Progress | null;
  /** what serves, as Odoo recorded it; null: nothing does */
  stable: Stable | null;
  /**
   * nothing served when it was promoted, so there is nobody to share traffic with or to compare
   * with
   */
  alone: boolean;
  /** brings back what served before */
  rollback: boolean;
  desired: 'serving' | 'kept' | 'removed';
  /** it was reported Ready before: from now on only drift is mended */
  established: boolean;
  /** it was reported Failed before: only cleaning up is left */
  failed: boolean;
  /** another deployment of the same version in this environment still wants the revision */
  shared: boolean;
  /** another version of the model is on its way here */
  rival: boolean;
  /**
   * versions that ended before they were ready here and are not gone yet: what takes their place
   * begins after them
   */
  withdrawing: string[];
  /** until then it waits for GPUs or quota that are missing; null: missing ones fail it at once */
  queueUntil: Date | null;
  deadline: Date;
}
interface Stable {
  revision: string;
  /** reference with digest */ image: string;
  replicas: number;
}
/** What people said since it began. */
export interface Controls {
  paused: boolean;
  /** a person let the rollout go on at every approve step up to this one; -1: at none */
  approvedStep: number;
  /** timed steps before this one are skipped */
  skipTo: number;
}
export interface SmokeResult {
  ok: boolean;
  message: string;
}
export interface Observed {
  revision: RevisionObserved | null;
  /**
   * what serves by Odoo's record; where that names nothing, of the other revisions that have
   * traffic the one with the most
   */
  previous: RevisionObserved | null;
  publicRoute: RouteObserved | null;
  previewRoute: RouteObserved | null;
  /**
   * what was found before anything was touched: image gone, no GPU free, quota; null: nothing
   * stands against it
   */
  blocker: Blocker | null;
  /** requests made in this tick; null: not made */
  smoke: { preview: SmokeResult | null; public: SmokeResult | null };
  /** made in this tick; null: not made */
  judgement: Judgement | null;
  /**
   * objects of either side (Deployment, Service, NetworkPolicy) that are missing or not as they
   * were applied
   */
  drift?: { own: string[]; stable: string[] };
  /** what is still there of a revision whose Deployment is gone */
  leftovers?: string[];
}
export type Action =
  | { kind: 'none' }
  /** the Deployment with so many replicas, its Service, the NetworkPolicies */
  | { kind: 'apply'; replicas: number }
  | { kind: 'apply-preview' }
  | { kind: 'smoke'; through: 'preview' | 'public' }
  /** one write of the public route; `before` is what to go back to */
  | { kind: 'route'; backends: Backend[]; before: (Backend & { replicas: number })[] }
  | { kind: 'scale-previous'; revision: string; replicas: number }
  /** what serves is made again as it was approved, with so many pods */
  | { kind: 'restore-stable'; replicas: number }
  /** the objects of one side are put back, whatever was changed; sizes stay */
  | { kind: 'mend'; side: 'own' | 'stable' }
  /**
   * gives traffic and pods back to what served before; null: leave the route as it is, empty:
   * nothing served before; `release`: then its own pods go at once
   */
  | { kind: 'back-out'; restore: (Backend & { replicas: number })[] | null; release?: boolean }
  /**
   * records in Odoo that this step begins now, with the counters of both revisions where it is a
   * judgement's, and what the one before came to
   */
  | {
      kind: 'progress';
      step: number;
      baseline: boolean;
      judgement: Judgement | null;
      interrupted?: boolean;
    }
  /** compares both revisions since the step began */
  | { kind: 'judge'; step: number }
  | { kind: 'finish' }
  /** the preview, then the revision; never a revision that has public traffic */
  | { kind: 'clean' }
  /**
   * takes the revision out of the public route (the route itself when nothing is left in it), then
   * deletes it
   */
  | { kind: 'remove'; remaining: Backend[] | null };
export type ActionOf<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;
/** Why a rollout failed: a code for programs, a sentence for people. */
export interface Failure {
  code: string;
  message: string;
}
export interface Decision {
  action: Action;
  /** null: nothing to report */
  phase: 'Progressing' | 'Ready' | 'Failed' | 'Removed' | null;
  conditions: Omit<Condition, 'lastTransitionTime'>[];
  /** `Word: sentence` for failures, a sentence otherwise */
  reason: string;
  /** null: nothing more to do */
  againInMs: number | null;
  /** null: not rolling out */
  status: RolloutStatus | null;
  /** what somebody changed in the cluster, as a word; null: nothing */
  code: string | null;
}

/** Where a rollout stands, for the screens. */
export interface RolloutStatus {
  /** index of the step that is being taken; the length of the list when all are done */
  step: number;
  steps: Step[];
  since: Date | null;
  waitingFor: 'pods' | 'time' | 'person' | 'judgement' | 'pause' | 'room' | 'predecessor' | null;
  until: Date | null;
  /** what happens next */
  next: string | null;
}
export type Move =
  | {
      kind: 'act';
      action: Action;
      reason: string;
      againInMs: number;
      status: RolloutStatus;
      /** what somebody changed, as a word */ code?: string | null;
    }
  | { kind: 'fail'; failure: Failure; status: RolloutStatus }
  /** all steps are taken */
  | { kind: 'done'; status: RolloutStatus };
/**
 * How far a rollout has come, as Odoo keeps it. What is in the cluster tells what is there, never
 * what was decided: whoever may write there could pass a judgement otherwise.
 */
export interface Progress {
  /** every step before this one is done */
  step: number;
  /** when this step began */
  since: Date;
  /** what was counted when a judge step began */
  baseline: Baseline | null;
  judgements: Judgement[];
  /** somebody changed what was being watched: the step begins again when that is mended */
  interrupted?: boolean;
  /** this step was begun before and has begun again */
  again?: boolean;
}
/**
 * Counters of one revision since its gateway started. Buckets: upper bound in seconds → requests up
 * to it.
 */
export interface Counters {
  requests: number;
  errors: number;
  buckets: [number, number][];
}
/** of a revision that the gateway has not met */
export const NOTHING_COUNTED: Counters = { requests: 0, errors: 0, buckets: [] };
export interface Baseline {
  stable: Counters;
  canary: Counters;
  restarts: number;
}
export interface Judgement {
  step: number;
  verdict: 'pass' | 'fail' | 'wait';
  sentence: string;
  numbers: {
    stable: { requests: number; errors: number; p95Ms: number | null };
    canary: { requests: number; errors: number; p95Ms: number | null };
    restarts: number;
    signal: { before: number; during: number } | null;
    /** examples sent to both; null: not sent */
    agreement?: { agreed: number; asked: number } | null;
  };
}
