import type {
  ActionBodies,
  ActionName,
  AllowedAction,
  RoadStop,
  Strategy,
  VersionDetail,
  VersionStatus,
} from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { needsReview } from './status-reason.ts';
import { sentence, stepWords } from './step-words.ts';

/** What a person decides about, as the dialog shows it. */
export interface Decision {
  detail: VersionDetail;
  /** what serves in production now */
  live: VersionDetail | undefined;
  action: AllowedAction;
  strategy: Strategy;
}

/** What they answered. */
interface Answer {
  /** the lock version that they saw */
  seen: number;
  strategy: Strategy;
  words: string | undefined;
  /** ISO date */
  expiresOn: string | null;
  deploymentId: number;
  step: number;
}

type Section = 'about' | 'comparison' | 'findings' | 'strategy' | 'expiry';
type Stop = Pick<RoadStop, 'key'>;
type Status = Pick<VersionDetail, 'status' | 'statusReasonCode'>;

/** One action, as a button and as the dialog behind it. */
interface ActionView<A extends ActionName> {
  /** of a rollout: it stands with the rollout, not in the version's head */
  of: 'version' | 'rollout';
  /** what the dialog shows; left out: it is done without one */
  shows?: readonly Section[];
  /** the field for words; a reason is required where somebody has to read it */
  words?: 'comment' | 'reason' | 'required-reason';
  /** it takes something away */
  isDangerous?: boolean;
  /** two actions that are one button, which changes its word */
  button?: string;
  /** in this status it is what waits for a person */
  decides?: VersionStatus;
  /** the stop that waits for it */
  awaitedAt?: RoadStop['key'];
  /** whether it is the answer to a stop that did not go well */
  answers?(stop: Stop, detail: Status): boolean;
  /** about findings to review: who asks, or who accepts */
  waiver?: 'requests' | 'accepts';
  /** the word on the button where it is not the usual one */
  name?(detail: VersionDetail): string | undefined;
  title?(decision: Decision): string;
  /** what will happen, in a sentence */
  effect?(decision: Decision): string;
  body(answer: Answer): ActionBodies[A];
}

const words = (): ReturnType<typeof t>['actions'] => t().actions;
const what = ({ detail }: Decision): string => t().version.of(detail.name, detail.model.name);
const seenOnly = ({ seen }: Answer): { seen: number } => ({ seen });
const reasoned = (answer: Answer): { reason: string; seen: number } => ({
  reason: answer.words ?? '',
  seen: answer.seen,
});
const isOfProduction = ({ key }: Stop): boolean => ['rolling', 'live', 'promoted'].includes(key);

/**
 * Every action of the web app, in the order of its buttons. A new one is a row here, its row in the
 * bridge's contract/actions.ts, and its texts.
 */
export const ACTION_VIEWS: { [A in ActionName]: ActionView<A> } = {
  promote: {
    of: 'version',
    shows: ['about', 'comparison', 'findings', 'strategy'],
    words: 'comment',
    decides: 'Staging',
    awaitedAt: 'promoted',
    answers: isOfProduction,
    name: ({ status }) => (status === 'ProdFailed' ? words().retryPromote : undefined),
    title: (decision) => words().promoteTitle(what(decision)),
    effect: ({ detail, live, strategy }) =>
      words().promoteConfirm[strategy](detail.name, live?.name ?? null),
    body: ({ strategy, seen, words: comment }) => ({
      target: 'production',
      strategy,
      seen,
      comment,
    }),
  },
  deploy: {
    of: 'version',
    shows: ['about', 'comparison', 'findings'],
    words: 'comment',
    decides: 'Validated',
    awaitedAt: 'approved',
    answers: (stop) => stop.key !== 'scanned' && !isOfProduction(stop),
    name: ({ status }) => (status === 'Validated' ? undefined : words().redeploy),
    title: (decision) => words().deployTitle(what(decision)),
    effect: (decision) =>
      (decision.detail.imageDigest ? words().redeployConfirm : words().deployConfirm)(
        what(decision),
      ),
    body: ({ seen, words: comment }) => ({ target: 'staging', seen, comment }),
  },
  rollback: {
    of: 'version',
    shows: [],
    words: 'reason',
    isDangerous: true,
    title: ({ detail: { model }, action: { bringsBack } }) =>
      bringsBack ? words().rollbackTo(model.name, bringsBack) : words().rollbackTitle(model.name),
    effect: ({ detail, action }) =>
      (action.strategies?.includes('recreate') ? words().rollbackGap : words().rollbackConfirm)(
        detail.name,
        action.bringsBack ?? words().earlier,
      ),
    body: ({ seen, words: reason }) => ({ target: 'production', seen, reason }),
  },
  'accept-waiver': {
    of: 'version',
    shows: ['about', 'findings'],
    words: 'comment',
    decides: 'ValidationFailed',
    waiver: 'accepts',
    answers: ({ key }, detail) => key === 'scanned' && needsReview(detail),
    title: (decision) => words().acceptWaiverTitle(what(decision)),
    effect: (decision) => words().acceptWaiverConfirm(what(decision)),
    body: ({ seen, words: comment }) => ({ seen, comment }),
  },
  'request-waiver': {
    of: 'version',
    shows: ['findings', 'expiry'],
    words: 'required-reason',
    waiver: 'requests',
    answers: ({ key }, detail) => key === 'scanned' && needsReview(detail),
    title: (decision) => words().requestWaiverTitle(what(decision)),
    effect: () => words().requestWaiverConfirm,
    body: (answer) => ({ ...reasoned(answer), expiresOn: answer.expiresOn }),
  },
  reject: {
    of: 'version',
    shows: [],
    words: 'required-reason',
    isDangerous: true,
    title: (decision) => words().rejectTitle(what(decision)),
    effect: (decision) => words().rejectConfirm(what(decision)),
    body: reasoned,
  },
  'refuse-waiver': {
    of: 'version',
    shows: ['findings'],
    words: 'required-reason',
    isDangerous: true,
    title: (decision) => words().refuseWaiverTitle(what(decision)),
    effect: (decision) => words().refuseWaiverConfirm(what(decision)),
    body: reasoned,
  },
  rescan: {
    of: 'version',
    shows: [],
    // a second scan by the same rules finds the same: what is to review is answered by people
    answers: ({ key }, detail) => key === 'scanned' && !needsReview(detail),
    title: (decision) => words().rescanTitle(what(decision)),
    effect: () => words().rescanConfirm,
    body: seenOnly,
  },
  archive: {
    of: 'version',
    shows: [],
    title: (decision) => words().archiveTitle(what(decision)),
    effect: (decision) => words().archiveConfirm(what(decision)),
    body: seenOnly,
  },
  'approve-step': {
    of: 'rollout',
    body: ({ deploymentId, step }) => ({ deploymentId, step }),
  },
  'pause-rollout': {
    of: 'rollout',
    button: 'pause',
    body: ({ deploymentId }) => ({ deploymentId }),
  },
  'resume-rollout': {
    of: 'rollout',
    button: 'pause',
    body: ({ deploymentId }) => ({ deploymentId }),
  },
  'skip-step': {
    of: 'rollout',
    shows: [],
    words: 'required-reason',
    title: (decision) => words().skipStepTitle(what(decision)),
    effect: skippedStep,
    body: ({ deploymentId, step, words: reason }) => ({ deploymentId, step, reason: reason ?? '' }),
  },
  'abort-rollout': {
    of: 'rollout',
    shows: [],
    words: 'required-reason',
    isDangerous: true,
    title: (decision) => words().abortTitle(what(decision)),
    effect: ({ detail, live }) => words().abortConfirm(detail.name, live?.name ?? null),
    body: ({ deploymentId, words: reason }) => ({ deploymentId, reason: reason ?? '' }),
  },
};

/** The step that would not be waited for, or not be analysed. */
function skippedStep({ detail, action }: Decision): string {
  const deployment = detail.deployments.find(({ id }) => id === action.deploymentId);
  const steps = deployment?.observed?.rollout?.steps ?? deployment?.steps;
  const step = steps?.[action.step ?? -1];
  return step ? sentence(stepWords(step, sceneOf(detail))) : words().names[action.name];
}

/** What the words of a step speak of. */
export const sceneOf = (detail: VersionDetail): { replicas: number; version: string } => ({
  replicas: Number(detail.serving?.['replicas'] ?? 1),
  version: detail.name,
});
