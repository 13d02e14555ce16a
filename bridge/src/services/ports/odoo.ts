import type { Whoami } from '../../contract/requests.ts';
import type { Controls, Progress } from '../../domain/rollouts/types.ts';
import type { Strategy } from '../../contract/rollout.ts';
import type { Step } from '../../domain/rollouts/strategy.ts';

/**
 * As whom a call to Odoo is made. `service` is the bridge's own account, which may only report
 * facts.
 */
export type Caller =
  | {
      kind: 'session';
      cookie: string;
      onCookie?: (cookie: string) => void;
      forwardedFor?: string;
      /** the language of what Odoo says, e.g. `fr_FR` */
      lang?: string;
    }
  | { kind: 'key'; key: string }
  | { kind: 'service' };

/** The bridge's own account. */
export const SERVICE: Caller = { kind: 'service' };

/** Odoo, as docs/odoo-api.md has it. `kwargs` are named arguments. Errors arrive as BridgeError. */
export interface OdooPort {
  call<T>(
    caller: Caller,
    model: string,
    method: string,
    kwargs: Record<string, unknown>,
    requestId?: string,
  ): Promise<T>;
  /** null with `totpRequired` when a second factor is wanted and `totp` is missing */
  login(
    login: string,
    password: string,
    totp: string | undefined,
    forwardedFor: string | undefined,
  ): Promise<{ cookie: string } | { totpRequired: true }>;
  logout(caller: Caller): Promise<void>;
  whoami(caller: Caller): Promise<Whoami>;
}

/** What `mlops.model.version.work` answers. */
export interface VersionWork {
  versionId: number;
  modelId: number;
  slug: string;
  name: string;
  version: string;
  status: string;
  generation: number;
  companyId: number;
  artifacts: {
    kind: 'model' | 'dockerfile' | 'side';
    filename: string;
    objectKey: string;
    digest: string;
    size: number;
  }[];
  serving: ServingSpec;
  image: string | null;
  imageDigest: string | null;
  buildState: string;
  scan: { generation: number; verdict: string } | null;
  params: Record<string, unknown> | null;
  inputSchema: unknown;
  outputSchema: unknown;
  deployments: DeploymentWork[];
}
export interface ServingSpec {
  port?: number;
  readinessPath?: string;
  gpus?: number;
  cpu?: string;
  memory?: string;
  replicas?: number;
}
/** What `mlops.deployment.work` answers: the wanted state. */
export interface DeploymentWork {
  deploymentId: number;
  versionId: number;
  modelId: number;
  slug: string;
  version: string;
  image: string | null;
  imageDigest: string | null;
  environment: {
    id: number;
    name: string;
    kind: 'staging' | 'production';
    namespace: string;
    gatewayUrl: string;
    registry: string;
    keepPreviousMinutes: number;
    readyDeadlineSeconds: number;
    maxReplicas: number;
    maxGpus: number;
    /** what could be chosen for a promotion, and what a canary would do then */
    strategiesAllowed: Strategy[];
    canarySteps: Step[];
  };
  strategy: Strategy;
  /** null: the strategy's own list */
  steps: Step[] | null;
  controls: Controls;
  /** brings back what served before */
  isRollback: boolean;
  generation: number;
  desired: 'serving' | 'kept' | 'removed';
  phase: string;
  isLive: boolean;
  /** versions that ended before they were ready here and are not gone yet */
  withdrawing: string[];
  /** until then it waits for room; null: it does not */
  queueUntil: string | null;
  /**
   * those that asked earlier in this environment and wait for room, as they said last; an older
   * Odoo does not say
   */
  queue?: QueuedWork[];
  deadlineAt: string | null;
  serving: ServingSpec;
  protocol: string;
  /** what served when it was promoted */
  previous: {
    deploymentId: number;
    versionId: number;
  } | null;
  /** what serves there now, by the record */
  stable: StableWork | null;
  /** how far its rollout has come; null: nothing was recorded yet */
  progress: RecordedProgress | null;
  siblings: {
    deploymentId: number;
    versionId: number;
    desired: string;
    phase: string;
    isLive: boolean;
  }[];
}

type StableWork = Pick<
  DeploymentWork,
  'deploymentId' | 'versionId' | 'version' | 'image' | 'imageDigest' | 'serving'
>;
/** `since`: ISO 8601 */
export type RecordedProgress = Omit<Progress, 'since'> & { since: string };

export interface QueuedWork {
  deploymentId: number;
  name: string;
  version: string;
  queueUntil: string | null;
  paused: boolean;
  strategy: Strategy;
  steps: Step[] | null;
  serving: ServingSpec;
  /** what serves of its model there */
  previous: { revision: string; serving: ServingSpec } | null;
}
