import { z } from 'zod';

/**
 * RFC 9457. `type` is the page /mlops/problems/<code>, which the bridge serves of docs/problems.md;
 * `errors` names each bad field with its reason and remedy.
 */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.string(),
  remedy: z.string().optional(),
  requestId: z.string().optional(),
  errors: z
    .array(z.object({ field: z.string(), reason: z.string(), remedy: z.string().optional() }))
    .optional(),
});
export type Problem = z.infer<typeof Problem>;
