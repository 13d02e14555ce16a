import type { RevisionObserved } from './revision.ts';
import type { Action, Wanted } from './rollout.ts';

/**
 * Rolling: one pod more than wanted at any time. The new revision grows by a pod, takes the share of traffic
 * that its ready pods stand for, then the old one gives a pod up. The old one keeps a pod until the switch is
 * complete. null: the new revision is at full size and only the last share is left to switch.
 */
export function nextRollingStep(wanted: Wanted, revision: RevisionObserved, previous: RevisionObserved, share: number): { action: Action; reason: string } | null {
  const size = Math.min(revision.wantedReplicas, wanted.replicas);
  if (size >= wanted.replicas) return null;
  const weight = Math.round((100 * size) / wanted.replicas);
  if (Math.round(share * 100) < weight) {
    const backends = [{ revision: wanted.revision, weight }, { revision: previous.name, weight: 100 - weight }];
    return { action: { kind: 'route', backends, before: [] }, reason: `${weight} % of traffic goes to the new revision.` };
  }
  const left = Math.max(1, wanted.replicas - size);
  if (previous.wantedReplicas > left) {
    return { action: { kind: 'scale-previous', revision: previous.name, replicas: left }, reason: `The old revision keeps ${left} pods.` };
  }
  return { action: { kind: 'apply', replicas: size + 1 }, reason: `Starting pod ${size + 1} of ${wanted.replicas}.` };
}
