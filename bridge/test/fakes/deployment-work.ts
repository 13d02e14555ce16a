import type { DeploymentWork } from '../../src/services/ports/odoo.ts';

type Environment = DeploymentWork['environment'];

/** Production as Odoo describes it. */
export const PRODUCTION: Environment = {
  id: 1,
  name: 'Production',
  kind: 'production',
  namespace: 'mlops-production',
  gatewayUrl: 'http://gw',
  registry: 'registry.test:5000',
  keepPreviousMinutes: 60,
  readyDeadlineSeconds: 60,
  maxReplicas: 8,
  maxGpus: 8,
  strategiesAllowed: [],
  canarySteps: [],
};

/** A deployment to production as Odoo hands it out: two pods of digits 2.0.0, alone there. */
export const deploymentWork = (
  over: Partial<DeploymentWork> = {},
  environment: Partial<Environment> = {},
): DeploymentWork => ({
  deploymentId: 7,
  versionId: 2,
  modelId: 1,
  slug: 'digits',
  version: '2.0.0',
  image: 'registry.test:5000/models/digits',
  imageDigest: null,
  environment: { ...PRODUCTION, ...environment },
  strategy: 'blue-green',
  steps: null,
  controls: { paused: false, approvedStep: -1, skipTo: 0 },
  isRollback: false,
  generation: 4,
  desired: 'serving',
  phase: 'Pending',
  isLive: false,
  deadlineAt: null,
  serving: { replicas: 2 },
  protocol: 'open-inference-v2',
  previous: null,
  stable: null,
  progress: null,
  withdrawing: [],
  queueUntil: null,
  siblings: [],
  ...over,
});
