const HEADER_MAX = 1 << 20;
const NUMBERS = [
  '0',
  '-1',
  '1e3',
  '1.5',
  '00',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  '1e999',
  'null',
  'true',
  '[]',
  '"1"',
];
const TEXTS = [
  '"a"',
  '{}',
  ',',
  ':',
  '[',
  ']',
  '}',
  ' ',
  '\u0000',
  '\\u0000',
  '"__metadata__":{"a":1},',
  '"__metadata__":{},',
  '"dtype":"I64",',
  '"F64"',
  '"__proto__":{},',
  '/* */',
  '\ufeff',
];

/** One edit of the header of a safetensors file, its length repaired; null: not one. */
export function changeHeader(
  bytes: Buffer,
  below: (limit: number) => number,
): [string, (now: Buffer) => Buffer] | null {
  if (headerOf(bytes) === null) return null;
  const [kind, pick, number, added] = [
    below(4),
    below(1 << 30),
    NUMBERS[below(NUMBERS.length)]!,
    TEXTS[below(TEXTS.length)]!,
  ];
  const edit = (header: string): string => {
    if (kind === 0) return replaceNth(header, /\d+/g, pick, () => number);
    if (kind === 1) return replaceNth(header, /"[^"]*"/g, pick, () => added);
    if (kind === 2)
      return replaceNth(
        header,
        /"[^"]*":(\{[^{}]*\}|\[[^[\]]*\]|"[^"]*"),?/g,
        pick,
        (found) => `${found.replace(/,?$/, ',')}${found}`,
      );
    return replaceNth(header, /[[\]{},:]/g, pick, (found) => found + added);
  };
  return [
    `header edit ${kind} (${kind === 0 ? number : kind === 2 ? 'entry twice' : JSON.stringify(added)})`,
    (now) => {
      const header = headerOf(now);
      if (header === null) return now;
      const changed = Buffer.from(edit(header), 'utf8');
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(changed.length));
      return Buffer.concat([length, changed, now.subarray(8 + Number(now.readBigUInt64LE(0)))]);
    },
  ];
}

function headerOf(bytes: Buffer): string | null {
  if (bytes.length < 10 || bytes[8] !== 0x7b) return null;
  const length = Number(bytes.readBigUInt64LE(0));
  return length <= HEADER_MAX && 8 + length <= bytes.length
    ? bytes.toString('utf8', 8, 8 + length)
    : null;
}

function replaceNth(
  text: string,
  pattern: RegExp,
  pick: number,
  by: (found: string) => string,
): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const one = found[pick % found.length]!;
  return text.slice(0, one.index) + by(one[0]) + text.slice(one.index + one[0].length);
}
