import { z } from 'zod';
import { AllowedAction } from './actions.ts';
import { Controls, RolloutView, Step } from './rollout.ts';
import { VersionStatus } from './version-status.ts';

export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .describe('sha256:<64 hex>');

const StopKey = z.enum([
  'uploaded',
  'scanned',
  'approved',
  'built',
  'staging',
  'promoted',
  'rolling',
  'live',
]);
const StopState = z.enum(['done', 'running', 'waiting', 'failed', 'aborted', 'over', 'ahead']);
/** The code of a reason: decisions read it, the sentence beside it may be translated. */
const ReasonCode = z.string().nullish().describe('e.g. `NeedsReview`, `Aborted`, `BuildFailed`');

export const RoadStop = z.object({
  key: StopKey,
  state: StopState,
  at: z.string().nullish().describe('ISO 8601, UTC'),
  by: z.string().nullish(),
  durationMs: z.number().nullish(),
  reason: z.string().nullish(),
});
export type RoadStop = z.infer<typeof RoadStop>;

export const Condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.number().int(),
  lastTransitionTime: z.string(),
});
export type Condition = z.infer<typeof Condition>;

const ArtifactView = z.object({
  id: z.number().int(),
  kind: z.enum(['model', 'dockerfile', 'side']),
  filename: z.string(),
  digest: Digest,
  size: z.number().int().describe('bytes'),
  mediaType: z.string(),
});

/** A finding to review that somebody asked to accept, for these bytes, until a date. */
const WaiverView = z.object({
  id: z.number().int(),
  state: z.enum(['requested', 'accepted', 'refused', 'expired']),
  reason: z.string(),
  requestedBy: z.string(),
  decidedBy: z.string().nullish(),
  comment: z.string().nullish(),
  expiresOn: z.string(),
});
type WaiverView = z.infer<typeof WaiverView>;

/** What is in the image. A tool whose status is not `ok` or `stale` says nothing about it. */
const InventoryView = z.object({
  at: z.string(),
  sbomKey: z.string(),
  packages: z.number().int(),
  vulnerabilityCount: z.number().int(),
  vulnerabilities: z.array(
    z.object({
      id: z.string(),
      aliases: z.array(z.string()),
      purl: z.string(),
      version: z.string(),
      fixed: z.string().nullable(),
      summary: z.string(),
    }),
  ),
  malware: z.array(z.object({ file: z.string(), signature: z.string() })),
  tools: z.array(z.object({ name: z.string(), status: z.string(), detail: z.string().nullable() })),
});
type InventoryView = z.infer<typeof InventoryView>;

export const FindingView = z.object({
  id: z.number().int().nullish(),
  rule: z.string(),
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
  verdict: z.enum(['pass', 'review', 'block']),
  file: z.string(),
  offset: z.number().int().nullish(),
  line: z.number().int().nullish(),
  column: z.number().int().nullish(),
  symbol: z.string().nullish(),
  evidence: z.string().nullish(),
  why: z.string(),
  remedy: z.string(),
  waiver: WaiverView.nullish(),
});
export type FindingView = z.infer<typeof FindingView>;

export const PodView = z.object({
  name: z.string(),
  phase: z.string(),
  ready: z.boolean(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
});

export const DeploymentView = z.object({
  id: z.number().int(),
  environment: z.string(),
  environmentKind: z.enum(['staging', 'production']),
  strategy: z.string(),
  generation: z.number().int(),
  desired: z.enum(['serving', 'kept', 'removed']),
  phase: z.string(),
  reason: z.string().nullish(),
  reasonCode: ReasonCode,
  isLive: z.boolean(),
  conditions: z.array(Condition),
  endpointUrl: z.string().nullish(),
  previewUrl: z.string().nullish(),
  observed: z
    .object({
      replicas: z.number().int().optional(),
      readyReplicas: z.number().int().optional(),
      revision: z.string().optional(),
      pods: z.array(PodView).optional(),
      rollout: RolloutView.nullish(),
    })
    .loose()
    .nullish(),
  requestedBy: z.string().nullish(),
  createdAt: z.string(),
  deadlineAt: z.string().nullish(),
  steps: z.array(Step).nullish(),
  controls: Controls.nullish(),
  pausedAt: z.string().nullish(),
});
export type DeploymentView = z.infer<typeof DeploymentView>;

export const ApprovalView = z.object({
  environment: z.string().nullish(),
  by: z.string(),
  at: z.string(),
  decision: z.enum(['approved', 'rejected']),
  comment: z.string().nullish(),
});

export const EndpointView = z.object({
  id: z.number().int(),
  name: z.string(),
  url: z.string(),
  protocol: z.string(),
  environment: z.string(),
  environmentKind: z.enum(['staging', 'production']),
  modelId: z.number().int(),
  versionId: z.number().int().nullish(),
  version: z.string().nullish(),
  inputSchema: z.unknown().nullish(),
  outputSchema: z.unknown().nullish(),
  isAvailable: z.boolean(),
  changedAt: z.string(),
});
export type EndpointView = z.infer<typeof EndpointView>;

/** Everything a version's page shows. `lockVersion` is what an action gives back as `seen`. */
export const VersionDetail = z.object({
  id: z.number().int(),
  name: z.string(),
  model: z.object({ id: z.number().int(), name: z.string(), slug: z.string() }),
  status: VersionStatus,
  statusReason: z.string().nullish(),
  statusReasonCode: ReasonCode,
  statusChangedAt: z.string(),
  generation: z.number().int(),
  lockVersion: z.number().int(),
  submitter: z.string(),
  isMine: z.boolean().optional().describe('the caller uploaded it'),
  createdAt: z.string(),
  description: z.string().nullish(),
  framework: z.string().nullish(),
  params: z.record(z.string(), z.unknown()).nullish(),
  metrics: z.record(z.string(), z.unknown()).nullish(),
  inputSchema: z.unknown().nullish(),
  outputSchema: z.unknown().nullish(),
  serving: z.record(z.string(), z.unknown()).nullish(),
  artifacts: z.array(ArtifactView),
  findings: z.array(FindingView),
  scan: z
    .object({ verdict: z.string(), rulesetVersion: z.string(), finishedAt: z.string().nullish() })
    .nullish(),
  approvals: z.array(ApprovalView),
  deployments: z.array(DeploymentView),
  endpoints: z.array(EndpointView),
  image: z.string().nullish(),
  imageDigest: z.string().nullish(),
  buildState: z.string(),
  buildReason: z.string().nullish(),
  inventory: InventoryView.nullish(),
  stagingEndpointUrl: z.string().nullish(),
  prodEndpointUrl: z.string().nullish(),
  isAvailable: z.boolean(),
  road: z.array(RoadStop),
  allowedActions: z.array(AllowedAction),
});
export type VersionDetail = z.infer<typeof VersionDetail>;

const VersionRow = z.object({
  id: z.number().int(),
  name: z.string(),
  status: VersionStatus,
  statusReason: z.string().nullish(),
  statusReasonCode: ReasonCode,
  submitter: z.string(),
  changedAt: z.string(),
  road: z.array(RoadStop),
});
export const ModelRow = z.object({
  id: z.number().int(),
  name: z.string(),
  slug: z.string(),
  team: z.string().nullish(),
  liveVersion: z.object({ id: z.number().int(), name: z.string() }).nullable(),
  newest: VersionRow.nullable(),
  needsMe: z.boolean(),
});
export type ModelRow = z.infer<typeof ModelRow>;
export const ModelPage = z.object({
  total: z.number().int(),
  items: z.array(ModelRow),
  counts: z.record(z.string(), z.number().int()),
  needsMe: z
    .object({ total: z.number().int(), items: z.array(ModelRow) })
    .nullish()
    .describe(
      'on the first page of everything: all that waits for the caller, and the first of them',
    ),
});
export type ModelPage = z.infer<typeof ModelPage>;
export const ModelDetail = z.object({
  id: z.number().int(),
  name: z.string(),
  slug: z.string(),
  description: z.string().nullish(),
  team: z.string().nullish(),
  liveVersion: z.object({ id: z.number().int(), name: z.string() }).nullable(),
  versions: z.array(VersionRow),
  endpoints: z.array(EndpointView),
});
export type ModelDetail = z.infer<typeof ModelDetail>;
