/**
 * How often a property is tried: each run of the tests tries others, `CREATIVEFLOW_FUZZ=50` tries
 * fifty times as many.
 */
export const tries = (count: number): { numRuns: number } => ({
  numRuns: Math.ceil(count * Number(process.env['CREATIVEFLOW_FUZZ'] ?? 1)),
});
