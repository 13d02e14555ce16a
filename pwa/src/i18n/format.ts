import { language } from './language.ts';

const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();
function kept<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
  kind: string,
  make: (lang: string) => T,
): T {
  const key = `${language()}:${kind}`;
  const known = cache.get(key) as T | undefined;
  if (known) return known;
  const made = make(language());
  cache.set(key, made);
  return made;
}

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** "3 minutes ago"; under five seconds "now". */
export function relative(at: number | string, now = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const format = kept(
    'relative',
    (lang) => new Intl.RelativeTimeFormat(lang, { numeric: 'auto', style: 'long' }),
  );
  if (Math.abs(seconds) < 5) return format.format(0, 'second');
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS[5];
  return format.format(Math.trunc(seconds / size), unit);
}

export const exact = (at: number | string): string =>
  kept(
    'exact',
    (lang) => new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeStyle: 'medium' }),
  ).format(new Date(at));

export const clock = (at: number | string): string =>
  kept(
    'clock',
    (lang) => new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit' }),
  ).format(new Date(at));

export const dayAndClock = (at: number | string): string =>
  kept(
    'day',
    (lang) =>
      new Intl.DateTimeFormat(lang, {
        month: 'short',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
      }),
  ).format(new Date(at));

export const number = (value: number, digits = 0): string =>
  kept(
    `number${digits}`,
    (lang) => new Intl.NumberFormat(lang, { maximumFractionDigits: digits }),
  ).format(value);

/** A parameter or a port: no grouping, it is no amount. */
export const plain = (value: number): string =>
  kept(
    'plain',
    (lang) => new Intl.NumberFormat(lang, { maximumFractionDigits: 6, useGrouping: false }),
  ).format(value);

export const percent = (value: number): string =>
  kept(
    'percent',
    (lang) => new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 1 }),
  ).format(value);

/** 1,536 → "1.5 KB", in powers of 1,000 as disks and networks are sold. */
/** "21 Feb 2027": a day, whatever the zone of whoever reads it. */
export const date = (day: string): string =>
  kept(
    'date',
    (lang) => new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeZone: 'UTC' }),
  ).format(new Date(day));

export function bytes(value: number): string {
  const units = language() === 'fr' ? ['o', 'ko', 'Mo', 'Go', 'To'] : ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = value < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** step;
  return `${number(scaled, step === 0 || scaled >= 100 ? 0 : 1)}\u00a0${units[step]}`;
}

/** 83,000 → "1 min 23 s". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}\u00a0ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${ms < 10_000 ? number(ms / 1000, 1) : seconds}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}\u00a0min${seconds % 60 ? ` ${seconds % 60}\u00a0s` : ''}`;
  return `${Math.floor(minutes / 60)}\u00a0h${minutes % 60 ? ` ${minutes % 60}\u00a0min` : ''}`;
}
