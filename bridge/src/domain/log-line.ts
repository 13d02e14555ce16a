const MAX_CHARS = 300;
const NOISE =
  /^(\s*|[-=~^]+|time="[^"]*" level=(debug|info|warning).*|\s+(at|File) .*|During handling of.*|\d+\.\d+\.\d+\.\d+ - .*)$/;
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;

/**
 * The last line of a log that says something: no blank, no ruler, no stack frame, no access line;
 * cut at 300 characters.
 */
export function lastTellingLine(log: string): string | null {
  const lines = log
    .replace(COLOURS, '')
    .split(/\r?\n|\r/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  const telling = lines.findLast((line) => !NOISE.test(line)) ?? lines.at(-1);
  return telling ? telling.trim().slice(0, MAX_CHARS) : null;
}
