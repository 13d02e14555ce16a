import { z } from 'zod';

const Counted = { requests: z.number().int(), errors: z.number().int().describe('5xx and 429') };

/** What an endpoint answered in the last hour, as far as the bridge has counted. */
export const EndpointTraffic = z.object({
  isCounted: z.boolean().describe("false: the bridge was not told where the gateway's metrics are"),
  since: z
    .string()
    .nullable()
    .describe(
      'counted since then; at most an hour ago, later when the bridge was started later; null: nothing was counted yet',
    ),
  minutes: z.array(
    z.object({
      at: z.string().describe('its end'),
      seconds: z.number().int().describe('more than 60 when the gateway did not answer'),
      ...Counted,
      p95Ms: z.number().nullable(),
    }),
  ),
  versions: z
    .array(z.object({ versionId: z.number().int(), version: z.string(), ...Counted }))
    .describe('which answered, most first'),
});
export type EndpointTraffic = z.infer<typeof EndpointTraffic>;
