/** The wire, as the bridge's contract has it. Types only: no schema reaches the bundle. */
import type { z } from 'zod';
import type { EventPage as EventPageSchema } from '../../../bridge/src/contract/events.ts';
import type {
  DeployRequest,
  PromoteRequest,
  RegisterUploads,
  AcceptWaiverRequest,
  RejectRequest,
  RequestWaiverRequest,
  RollbackRequest,
  SeenRequest,
  TryAnswer as TryAnswerSchema,
} from '../../../bridge/src/contract/requests.ts';
import type {
  AbortRequest,
  ApproveStepRequest,
  PauseRequest,
  SkipStepRequest,
} from '../../../bridge/src/contract/rollout.ts';
import type {
  ActionName as ActionNameSchema,
  AllowedAction as AllowedActionSchema,
  ApprovalView as ApprovalSchema,
  PodView as PodSchema,
} from '../../../bridge/src/contract/version.ts';

export type { EventView, SocketMessage } from '../../../bridge/src/contract/events.ts';
export type { Problem } from '../../../bridge/src/contract/problem.ts';
export type {
  ActionAccepted,
  UploadAccepted,
  UploadMetadata,
  Whoami,
} from '../../../bridge/src/contract/requests.ts';
export type {
  DeploymentView,
  EndpointView,
  FindingView,
  ModelDetail,
  ModelPage,
  ModelRow,
  RoadStop,
  Strategy,
  VersionDetail,
  VersionStatus,
} from '../../../bridge/src/contract/version.ts';

export type { EndpointTraffic } from '../../../bridge/src/contract/traffic.ts';
export type {
  FollowedStep,
  Judgement,
  PromotionPlan,
  RolloutView,
  Step,
} from '../../../bridge/src/contract/rollout.ts';

export type EventPage = z.infer<typeof EventPageSchema>;
export type PodView = z.infer<typeof PodSchema>;
export type ApprovalView = z.infer<typeof ApprovalSchema>;
export type AllowedAction = z.infer<typeof AllowedActionSchema>;
export type ActionName = z.infer<typeof ActionNameSchema>;
export type TryAnswer = z.infer<typeof TryAnswerSchema>;
export type RegisterBody = z.input<typeof RegisterUploads>;

/** What each action sends. */
export interface ActionBodies {
  deploy: z.input<typeof DeployRequest>;
  promote: z.input<typeof PromoteRequest>;
  rollback: z.input<typeof RollbackRequest>;
  reject: z.input<typeof RejectRequest>;
  'request-waiver': z.input<typeof RequestWaiverRequest>;
  'accept-waiver': z.input<typeof AcceptWaiverRequest>;
  'refuse-waiver': z.input<typeof RejectRequest>;
  rescan: z.input<typeof SeenRequest>;
  archive: z.input<typeof SeenRequest>;
  'pause-rollout': z.input<typeof PauseRequest>;
  'resume-rollout': z.input<typeof PauseRequest>;
  'approve-step': z.input<typeof ApproveStepRequest>;
  'skip-step': z.input<typeof SkipStepRequest>;
  'abort-rollout': z.input<typeof AbortRequest>;
}
