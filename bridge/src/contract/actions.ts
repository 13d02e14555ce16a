import { z } from 'zod';
import { Step, Strategy } from './rollout.ts';
import { ID_MAX } from './text.ts';
import { VersionStatus } from './version-status.ts';

const Comment = z.string().max(2000).nullish();
const Reason = z.string().trim().min(1).max(2000);
const Seen = z
  .number()
  .int()
  .nullish()
  .describe('the lockVersion the caller saw; a stale one answers 409');
const DeploymentId = z.number().int().positive().max(ID_MAX);
const StepIndex = z.number().int().min(0).describe('index of the step that the caller saw');

/** The bodies of the actions, by their names in the OpenAPI document. */
export const ACTION_BODIES = {
  DeployRequest: z.object({ target: z.literal('staging'), seen: Seen, comment: Comment }).strict(),
  PromoteRequest: z
    .object({
      target: z.literal('production'),
      strategy: Strategy,
      seen: Seen,
      comment: Comment,
      steps: z
        .array(Step)
        .min(1)
        .max(30)
        .optional()
        .describe("a canary of one's own, where the environment allows it"),
    })
    .strict(),
  RollbackRequest: z
    .object({ target: z.enum(['production']), seen: Seen, reason: Comment })
    .strict(),
  RejectRequest: z.object({ reason: Reason, seen: Seen }).strict(),
  RequestWaiverRequest: z
    .object({
      reason: Reason,
      expiresOn: z.iso
        .date()
        .nullish()
        .describe('a day from tomorrow to a year ahead; 90 days ahead when left out'),
      seen: Seen,
    })
    .strict()
    .transform(({ expiresOn, ...given }) => ({ ...given, expires_on: expiresOn ?? null })),
  AcceptWaiverRequest: z.object({ seen: Seen, comment: Comment }).strict(),
  SeenRequest: z.object({ seen: Seen }).strict(),
  PauseRequest: z.object({ deploymentId: DeploymentId, reason: Comment }).strict(),
  AbortRequest: z.object({ deploymentId: DeploymentId, reason: Reason }).strict(),
  ApproveStepRequest: z
    .object({ deploymentId: DeploymentId, step: StepIndex, reason: Comment })
    .strict(),
  SkipStepRequest: z
    .object({ deploymentId: DeploymentId, step: StepIndex, reason: Reason })
    .strict(),
} satisfies Record<string, z.ZodType>;

interface Action {
  summary: string;
  body: keyof typeof ACTION_BODIES;
  /** whose record it is about: of a deployment the body names which */
  of: 'version' | 'deployment';
  /** of Odoo, the one that does it, whoever asks */
  method: string;
}

/**
 * What a person may decide, `POST …/versions/{versionId}/{action}`. A new action is a row here, its
 * row in the web app's table of dialogs, and its texts: routes, types and the OpenAPI document
 * follow.
 */
export const ACTIONS = {
  deploy: {
    summary: 'Approve for staging',
    body: 'DeployRequest',
    of: 'version',
    method: 'approve_deployment',
  },
  promote: {
    summary: 'Promote to production',
    body: 'PromoteRequest',
    of: 'version',
    method: 'approve_promotion',
  },
  reject: { summary: 'Reject', body: 'RejectRequest', of: 'version', method: 'reject' },
  rollback: {
    summary: 'Roll back to the version that served before',
    body: 'RollbackRequest',
    of: 'version',
    method: 'rollback',
  },
  rescan: { summary: 'Scan again', body: 'SeenRequest', of: 'version', method: 'rescan' },
  archive: { summary: 'Archive', body: 'SeenRequest', of: 'version', method: 'archive_version' },
  'request-waiver': {
    summary: 'Request that the findings to review be accepted for these files',
    body: 'RequestWaiverRequest',
    of: 'version',
    method: 'request_waiver',
  },
  'accept-waiver': {
    summary: 'Approve the waiver, as a second person',
    body: 'AcceptWaiverRequest',
    of: 'version',
    method: 'accept_waiver',
  },
  'refuse-waiver': {
    summary: 'Refuse the waiver',
    body: 'RejectRequest',
    of: 'version',
    method: 'refuse_waiver',
  },
  'pause-rollout': {
    summary: 'Pause the rollout where it is',
    body: 'PauseRequest',
    of: 'deployment',
    method: 'pause',
  },
  'resume-rollout': {
    summary: 'Resume the paused rollout',
    body: 'PauseRequest',
    of: 'deployment',
    method: 'resume',
  },
  'approve-step': {
    summary: 'Approve the step that waits for manual approval',
    body: 'ApproveStepRequest',
    of: 'deployment',
    method: 'approve_step',
  },
  'skip-step': {
    summary: 'Skip a wait or an analysis',
    body: 'SkipStepRequest',
    of: 'deployment',
    method: 'skip_step',
  },
  'abort-rollout': {
    summary: 'Abort the rollout; the stable version gets all traffic back',
    body: 'AbortRequest',
    of: 'deployment',
    method: 'abort',
  },
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof ACTIONS;
export const ActionName = z.enum(Object.keys(ACTIONS) as [ActionName, ...ActionName[]]);

/** What the caller of an action sends. */
export type ActionBody<A extends ActionName> = z.input<
  (typeof ACTION_BODIES)[(typeof ACTIONS)[A]['body']]
>;

export const AllowedAction = z.object({
  name: ActionName,
  allowed: z.boolean(),
  reason: z.string().nullish().describe('why it is not allowed now, for people'),
  code: z.string().nullish().describe('the same for programs, e.g. `second-person-needed`'),
  target: z.enum(['staging', 'production']).nullish(),
  strategies: z.array(Strategy).nullish(),
  strategy: Strategy.nullish().describe(
    'of a promotion: what the environment takes when nobody chooses',
  ),
  bringsBack: z.string().nullish().describe('of a rollback: the version that comes back'),
  supersedes: z
    .string()
    .nullish()
    .describe('the version on its way there, whose rollout would be aborted'),
  steps: z.array(Step).nullish().describe('of a promotion: what a canary would do'),
  ownSteps: z.boolean().nullish().describe('of a promotion: other steps may be chosen'),
  deploymentId: z.number().int().nullish().describe('of an action on a rollout'),
  step: z.number().int().nullish().describe('index of the step that the action is about'),
});
export type AllowedAction = z.infer<typeof AllowedAction>;

export const ActionAccepted = z.object({
  status: VersionStatus,
  lockVersion: z.number().int(),
  deploymentId: z.number().int().nullish(),
  versionId: z.number().int().nullish(),
});
export type ActionAccepted = z.infer<typeof ActionAccepted>;
