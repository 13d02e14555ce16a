import type { FollowedStep } from '../api/types.ts';
import { duration, percent } from '../i18n/format.ts';
import { t } from '../i18n/language.ts';

/** Whose steps they are: how many pods are wanted, and the name of the new version. */
export interface StepScene {
  replicas: number;
  version: string;
}

const share = (step: FollowedStep): string => percent((step.percent ?? 0) / 100);
const time = (seconds: number | undefined): string => duration((seconds ?? 0) * 1000);
const pods = (step: FollowedStep): number => Number(step.pods ?? 0);

/**
 * What a step does, in a clause that starts in lower case. A kind that this app does not know keeps
 * its name.
 */
export function stepWords(step: FollowedStep, { replicas, version }: StepScene): string {
  const words = t().rollout.does;
  switch (step.kind) {
    // a third of three is one, whatever the double says
    case 'scale':
      return words.scale(
        Math.max(1, Math.ceil((replicas * (step.percent ?? 100)) / 100 - 1e-9)),
        replicas,
        version,
      );
    case 'preview':
      return words.preview(version);
    case 'weight':
      return words.weight(share(step), version);
    case 'wait':
      return words.wait(time(step.seconds));
    case 'approve':
      return words.approve(time(step.withinSeconds));
    case 'judge':
      return words.judge(time(step.seconds));
    case 'shrink':
      return words.shrink(pods(step));
    default:
      return step.kind;
  }
}

/** The same for a chip: a word or a number. */
export function stepShort(step: FollowedStep): string {
  const { short, pods: some, oldPods } = t().rollout;
  switch (step.kind) {
    case 'scale':
      return some(share(step));
    case 'weight':
      return share(step);
    case 'wait':
      return time(step.seconds);
    case 'shrink':
      return oldPods(pods(step));
    case 'preview':
    case 'approve':
    case 'judge':
      return short[step.kind];
    default:
      return step.kind;
  }
}

export const sentence = (clause: string): string =>
  `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
