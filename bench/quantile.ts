/** The value below which this part of the values lies, by the nearest rank; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  return (
    [...values].sort((a, b) => a - b)[
      Math.min(values.length - 1, Math.ceil(values.length * part) - 1)
    ] ?? NaN
  );
}
