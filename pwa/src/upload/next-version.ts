/**
 * "1.4.2" → "1.5.0", "7" → "8"; a version without a number at its end gets none. Trained again is a
 * minor step.
 */
export function nextVersion(newest: string): string {
  const three = /^(v?)(\d+)\.(\d+)\.(\d+)$/.exec(newest);
  if (three) return `${three[1]}${three[2]}.${Number(three[3]) + 1}.0`;
  const last = /^(.*?)(\d+)$/.exec(newest);
  return last ? `${last[1]}${Number(last[2]) + 1}` : '';
}
