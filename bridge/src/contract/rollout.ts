import { z } from 'zod';

export const Strategy = z.enum(['blue-green', 'rolling', 'canary', 'recreate']);
export type Strategy = z.infer<typeof Strategy>;

const Percent = z.number().int().min(1).max(100);
const Seconds = z.number().int().min(1).max(604_800);

/** Records of the ERP, counted in the window and in one of the same length before it. */
const Signal = z
  .object({
    model: z.string().describe('a model of Odoo, e.g. sale.order'),
    domain: z.array(z.unknown()).describe('which of its records'),
    maxIncrease: z.number().int().min(0).describe('so many more than before are allowed'),
  })
  .strict();

/** A step of a canary, as the environment keeps it and as one may choose it at a promotion. */
export const Step = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('scale'),
      percent: Percent.describe('pods of the new version, of the wanted replicas, rounded up'),
    })
    .strict(),
  z.object({ kind: z.literal('preview') }).strict(),
  z.object({ kind: z.literal('weight'), percent: Percent.describe('of the traffic') }).strict(),
  z.object({ kind: z.literal('wait'), seconds: Seconds }).strict(),
  z
    .object({
      kind: z.literal('approve'),
      withinSeconds: Seconds.describe('without a person by then it fails'),
    })
    .strict(),
  z
    .object({
      kind: z.literal('judge'),
      seconds: Seconds.describe('the window'),
      minRequests: z.number().int().min(0),
      maxErrorRate: z.number().min(0).max(1).describe("above the stable one's"),
      maxLatencyRatio: z.number().positive(),
      maxRestarts: z.number().int().min(0),
      tooLittle: z.enum(['wait', 'golden']),
      withinSeconds: Seconds,
      signal: Signal.nullable(),
      minAgreement: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe(
          "the model's examples are sent to both versions: such a share of the answers must be the same",
        ),
      tolerance: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('numbers in the answers may differ by that much'),
    })
    .strict(),
]);
export type Step = z.infer<typeof Step>;

/** What is followed may hold more kinds than what may be chosen: rolling writes its own. */
const FollowedStep = z
  .object({
    kind: z.string(),
    percent: z.number().optional(),
    seconds: z.number().optional(),
    withinSeconds: z.number().optional(),
    pods: z.number().optional(),
  })
  .loose();
export type FollowedStep = z.infer<typeof FollowedStep>;

const Share = z
  .object({ requests: z.number(), errors: z.number(), p95Ms: z.number().nullable() })
  .loose();
export const Judgement = z
  .object({
    step: z.number().int(),
    verdict: z.enum(['pass', 'fail', 'wait']),
    sentence: z.string(),
    numbers: z
      .object({
        stable: Share.nullish(),
        canary: Share.nullish(),
        restarts: z.number().nullish(),
        signal: z.object({ before: z.number(), during: z.number() }).loose().nullish(),
        agreement: z.object({ agreed: z.number(), asked: z.number() }).loose().nullish(),
      })
      .loose(),
  })
  .loose();
export type Judgement = z.infer<typeof Judgement>;

/** How far a rollout is, in `observed.rollout` of a deployment. */
export const RolloutView = z
  .object({
    step: z.number().int().describe('index of the step it is at'),
    steps: z.array(FollowedStep),
    since: z.string().nullish(),
    waitingFor: z
      .enum(['pods', 'time', 'person', 'judgement', 'pause', 'room', 'predecessor'])
      .nullish(),
    until: z.string().nullish(),
    weight: z.number().describe('percent of the traffic that the new version has'),
    anew: z.boolean().optional().describe('the step was interrupted and begins again'),
    judgements: z.array(Judgement),
    next: z.string().nullish().describe('what happens next'),
  })
  .loose();
export type RolloutView = z.infer<typeof RolloutView>;

/** What people said to a rollout so far. */
export const Controls = z.object({
  paused: z.boolean(),
  approvedStep: z.number().int().describe('-1: none'),
  skipTo: z.number().int().describe('0: none'),
});
export type Controls = z.infer<typeof Controls>;

export const PlanQuery = z.object({ target: z.literal('production'), strategy: Strategy });
export type PlanQuery = z.infer<typeof PlanQuery>;
/** A promotion as a dry run in the cluster as it is now. */
export const PromotionPlan = z.object({
  target: z.literal('production'),
  strategy: Strategy,
  fits: z.boolean().describe('nothing stands against it now'),
  steps: z.array(z.string()).describe('what it would do, in words'),
  obstacle: z
    .object({
      reason: z.string(),
      message: z.string(),
      waits: z.boolean().describe('it would be waited for, as the environment says'),
    })
    .nullable(),
  strategies: z
    .array(z.object({ name: Strategy, fits: z.boolean() }))
    .describe('those that the environment allows'),
});
export type PromotionPlan = z.infer<typeof PromotionPlan>;
