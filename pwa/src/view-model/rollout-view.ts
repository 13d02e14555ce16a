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
  const deployment = detail.deployments
    .filter((one) => one.environmentKind === 'production')
    .sort((a, b) => b.id - a.id)[0];
  if (!deployment) return undefined;
  const seen = deployment.observed?.rollout ?? undefined;
  const ended = detail.status === 'ProdFailed';
  if (detail.status !== 'PendingProdDeployment' && !(ended && seen)) return undefined;
  const paused = deployment.controls?.paused === true;
  return {
    deployment,
    seen,
    steps: seen?.steps ?? deployment.steps ?? [],
    at: seen?.step ?? -1,
    weight: ended ? 0 : (seen?.weight ?? 0),
    ended,
    aborted: ended && endedByPerson(detail.statusReasonCode ?? deployment.reasonCode),
    waitingFor: ended ? null : paused ? 'pause' : (seen?.waitingFor ?? null),
    until: paused || ended ? null : (seen?.until ?? null),
  };
}

export type StepState = 'done' | 'now' | 'next';
export const stateOf = (index: number, at: number): StepState =>
  index < at ? 'done' : index === at ? 'now' : 'next';

/** Whole seconds that are left; 0 when it is over. */
export const secondsLeft = (until: string, now: number): number =>
  Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
