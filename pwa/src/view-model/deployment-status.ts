import type { DeploymentView, PodView } from '../api/types.ts';
import type { IconName } from '../components/cf-icon.ts';
import { endedByPerson, type Tone } from './status-reason.ts';

type Deployment = Pick<DeploymentView, 'phase' | 'isLive' | 'desired' | 'reasonCode'>;
type Condition = DeploymentView['conditions'][number];

export interface DeploymentStanding {
  tone: Tone;
  /** a phase, or what is truer than the phase */
  word: string;
  working: boolean;
  /** nothing of it serves or will: what was seen of it is of then */
  over: boolean;
}

/** What a deployment is now: the phase it was told last is not always what is. */
export function deploymentStanding({
  phase,
  isLive,
  desired,
  reasonCode,
}: Deployment): DeploymentStanding {
  if (phase === 'Failed') {
    return endedByPerson(reasonCode)
      ? { tone: 'calm', word: 'aborted', working: false, over: true }
      : { tone: 'bad', word: phase, working: false, over: false };
  }
  if (desired !== 'serving' || phase === 'Superseded' || phase === 'Removed') {
    const word = phase === 'Ready' ? (desired === 'kept' ? 'kept' : 'Removed') : phase;
    return { tone: 'calm', word, working: false, over: true };
  }
  if (phase === 'Ready')
    return { tone: isLive ? 'good' : 'busy', word: phase, working: !isLive, over: false };
  return { tone: 'busy', word: phase, working: true, over: false };
}

export interface Look {
  tone: 'True' | 'False' | 'Unknown' | 'warn';
  icon: IconName;
}

/** What is not true yet is no fault; of what failed it is the cause, of what serves a warning. */
export function conditionLook({ status }: Condition, deployment: Deployment): Look {
  const { over, tone } = deploymentStanding(deployment);
  if (over) return { tone: 'Unknown', icon: 'ring' };
  if (status === 'True') return { tone: 'True', icon: 'check' };
  if (status === 'Unknown') return { tone: 'Unknown', icon: 'ring' };
  if (tone === 'bad') return { tone: 'False', icon: 'cross' };
  return deployment.isLive ? { tone: 'warn', icon: 'warn' } : { tone: 'Unknown', icon: 'ring' };
}

const FAULTS = /BackOff|Err|OOM|Failed|Invalid|Evicted|CannotRun|NeverPull|Unschedulable/;

/** A pod that is being made says why it is not ready: only a fault among these reasons is one. */
export function podLook(pod: Pick<PodView, 'ready' | 'reason'>, deployment: Deployment): Look {
  if (deploymentStanding(deployment).over) return { tone: 'Unknown', icon: 'ring' };
  if (pod.ready) return { tone: 'True', icon: 'check' };
  return FAULTS.test(pod.reason ?? '')
    ? { tone: 'False', icon: 'cross' }
    : { tone: 'Unknown', icon: 'ring' };
}
