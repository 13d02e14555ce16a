import { endedByPerson } from './status-reason.ts';
import type { DeploymentView, FollowedStep, RolloutView, VersionDetail } from '../api/types.ts';

export interface RolloutScene {
  deployment: DeploymentView;
  /** what the bridge said of it; nothing yet right after the promotion */
  seen: RolloutView | undefined;
  steps: FollowedStep[];
  /** index of the step it is at; -1 before it begins */
  at: number;
  weight: number;
  waitingFor: RolloutView['waitingFor'];
  until: string | null;
  ended: boolean;
  /** a person ended it */
  aborted: boolean;
}

/**
 * The rollout to production that is under way, or that ended without being live; undefined when
 * there is none to show.
 */
export function rolloutOf(detail: VersionDetail): RolloutScene | undefined {
  const deployment = newestInProduction(detail);
  if (!deployment) return undefined;
  const seen = deployment.observed?.rollout ?? undefined;
  const ended = detail.status === 'ProdFailed';
  if (detail.status !== 'PendingProdDeployment' && !(ended && seen)) return undefined;
  return {
    deployment,
    seen,
    steps: stepsOf(deployment, seen),
    at: seen?.step ?? -1,
    ended,
    ...(ended ? ENDED : progressOf(deployment, seen)),
    aborted: ended && endedByPerson(detail.statusReasonCode ?? deployment.reasonCode),
  };
}

function newestInProduction({ deployments }: VersionDetail): DeploymentView | undefined {
  return deployments
    .filter((one) => one.environmentKind === 'production')
    .sort((a, b) => b.id - a.id)[0];
}

/** Those that the bridge follows; before it says so, those of the promotion. */
const stepsOf = (deployment: DeploymentView, seen: RolloutView | undefined): FollowedStep[] =>
  seen?.steps ?? deployment.steps ?? [];

type Progress = Pick<RolloutScene, 'weight' | 'waitingFor' | 'until'>;
/** One that ended has no traffic and waits for nothing. */
const ENDED: Progress = { weight: 0, waitingFor: null, until: null };

function progressOf({ controls }: DeploymentView, seen: RolloutView | undefined): Progress {
  const weight = seen?.weight ?? 0;
  if (controls?.paused === true) return { weight, waitingFor: 'pause', until: null };
  return { weight, waitingFor: seen?.waitingFor ?? null, until: seen?.until ?? null };
}

export type StepState = 'done' | 'now' | 'next';
export const stateOf = (index: number, at: number): StepState =>
  index < at ? 'done' : index === at ? 'now' : 'next';

/** Whole seconds that are left; 0 when it is over. */
export const secondsLeft = (until: string, now: number): number =>
  Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
