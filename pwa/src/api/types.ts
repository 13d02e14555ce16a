/** The wire, as the bridge's contract has it. Types only: no schema reaches the bundle. */
import type { z } from 'zod';
import type { EventPage as EventPageSchema } from '../../../bridge/src/contract/events.ts';
import type {
  ActionBody,
  ActionName,
  AllowedAction,
} from '../../../bridge/src/contract/actions.ts';
import type {
  RegisterUploads,
  TryAnswer as TryAnswerSchema,
} from '../../../bridge/src/contract/requests.ts';
import type {
  ApprovalView as ApprovalSchema,
  PodView as PodSchema,
} from '../../../bridge/src/contract/version.ts';

export type { EventView, SocketMessage } from '../../../bridge/src/contract/events.ts';
export type { Problem } from '../../../bridge/src/contract/problem.ts';
export type { ActionAccepted } from '../../../bridge/src/contract/actions.ts';
export type {
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
  VersionDetail,
} from '../../../bridge/src/contract/version.ts';
export type { VersionStatus } from '../../../bridge/src/contract/version-status.ts';

export type { EndpointTraffic } from '../../../bridge/src/contract/traffic.ts';
export type {
  FollowedStep,
  Judgement,
  PromotionPlan,
  RolloutView,
  Step,
  Strategy,
} from '../../../bridge/src/contract/rollout.ts';

export type EventPage = z.infer<typeof EventPageSchema>;
export type PodView = z.infer<typeof PodSchema>;
export type ApprovalView = z.infer<typeof ApprovalSchema>;
export type { ActionName, AllowedAction };
export type TryAnswer = z.infer<typeof TryAnswerSchema>;
export type RegisterBody = z.input<typeof RegisterUploads>;

/** What each action sends. */
export type ActionBodies = { [A in ActionName]: ActionBody<A> };
