import type { AllowedAction, DeploymentView, Step } from '../../src/api/types.ts';
import type { Entry } from './entry.ts';
import type { MockUser } from './users.ts';

const JUDGE: Step = {
  kind: 'judge',
  seconds: 60,
  minRequests: 20,
  maxErrorRate: 0.01,
  maxLatencyRatio: 1.5,
  maxRestarts: 0,
  tooLittle: 'golden',
  withinSeconds: 600,
  signal: { model: 'crm.lead', domain: [], maxIncrease: 2 },
  minAgreement: 0.9,
};
export const CANARY: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 1 },
  { kind: 'wait', seconds: 60 },
  JUDGE,
  { kind: 'weight', percent: 50 },
  JUDGE,
  { kind: 'approve', withinSeconds: 3600 },
  { kind: 'weight', percent: 100 },
];
/** The canary that is under way for a version. */
export const underWay = (version: Entry): DeploymentView | undefined =>
  version.status === 'PendingProdDeployment'
    ? version.deployments.find((one) => one.strategy === 'canary' && one.phase === 'Progressing')
    : undefined;
/** As Odoo offers them: only those that make sense now. */
export function steering(version: Entry, by: MockUser): AllowedAction[] {
  const deployment = underWay(version);
  if (!deployment) return [];
  const at = deployment.observed?.rollout?.step ?? -1;
  const kind = CANARY[at]?.kind;
  const names: Said[] = [deployment.controls?.paused ? 'resume-rollout' : 'pause-rollout'];
  if (kind === 'approve') names.push('approve-step');
  if (kind === 'wait' || kind === 'judge') names.push('skip-step');
  const allowed = by.roles.includes('approver');
  return [...names, 'abort-rollout' as const].map((name) => ({
    name,
    allowed,
    reason: allowed ? null : 'Needs the role Approver.',
    target: 'production',
    deploymentId: deployment.id,
    step: name.endsWith('-step') ? at : null,
  }));
}

export type Said =
  'pause-rollout' | 'resume-rollout' | 'approve-step' | 'skip-step' | 'abort-rollout';
