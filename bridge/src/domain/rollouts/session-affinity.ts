/**
 * Which sessions a share of traffic is: those whose id ends in three hexadecimal digits below a
 * bound, of 4096. A gateway can tell by a regular expression, keeps nothing, and as the share grows
 * the sessions that have the new version keep it.
 */
const DIGITS = [...'0123456789abcdef'];
const VALUES = 4096;
const ANY = '[0-9a-fA-F]';

export interface SessionPatterns {
  canary: string;
  stable: string;
}

/**
 * Regular expressions for the last three digits of a session's id; null: the share is nothing or
 * all. `share`: 0 to 1.
 */
export function sessionPatterns(share: number): SessionPatterns | null {
  if (share <= 0 || share >= 1) return null;
  const bound = Math.min(VALUES - 1, Math.max(1, Math.round(share * VALUES)));
  const [first, second, third] = [bound >> 8, (bound >> 4) & 15, bound & 15];
  const digits = (of: (digit: number) => boolean): string =>
    oneOf(DIGITS.filter((_digit, value) => of(value)));
  const [a, b] = [digits((digit) => digit === first), digits((digit) => digit === second)];
  const below = [
    [digits((digit) => digit < first), ANY, ANY],
    [a, digits((digit) => digit < second), ANY],
    [a, b, digits((digit) => digit < third)],
  ];
  const from = [
    [digits((digit) => digit > first), ANY, ANY],
    [a, digits((digit) => digit > second), ANY],
    [a, b, digits((digit) => digit >= third)],
  ];
  return { canary: anyOf(below), stable: anyOf(from) };
}

/** '' where there is none */
const oneOf = (digits: string[]): string =>
  digits.length === 0
    ? ''
    : `[${digits.flatMap((digit) => [...new Set([digit, digit.toUpperCase()])]).join('')}]`;
const anyOf = (alternatives: string[][]): string =>
  `(${alternatives
    .filter((parts) => parts.every((part) => part !== ''))
    .map((parts) => parts.join(''))
    .join('|')})`;
