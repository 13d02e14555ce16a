import semver from 'semver';

/** Below zero: `a` comes before `b`. */
export type Order = (a: string, b: string) => number;

/** The order that an ecosystem itself gives to its versions; null where we do not know it. */
export function orderOf(ecosystem: string): Order | null {
  switch (ecosystem.split(':')[0]) {
    case 'Debian':
    case 'Ubuntu':
      return debian;
    case 'Alpine':
      return alpine;
    case 'PyPI':
      return pep440;
    case 'npm':
      return (a, b) =>
        semver.valid(a, true) && semver.valid(b, true) ? semver.compare(a, b, true) : 0;
    default:
      return null;
  }
}

/** https://www.debian.org/doc/debian-policy/ch-controlfields.html#version */
export function debian(a: string, b: string): number {
  const parts = (version: string): [number, string, string] => {
    const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
    const dash = rest.lastIndexOf('-');
    return [
      Number(epoch),
      dash < 0 ? rest : rest.slice(0, dash),
      dash < 0 ? '' : rest.slice(dash + 1),
    ];
  };
  const [x, y] = [parts(a), parts(b)];
  return x[0] - y[0] || verrevcmp(x[1], y[1]) || verrevcmp(x[2], y[2]);
}

/** `~` before everything, even the end; letters before other signs; numbers as numbers. */
function verrevcmp(a: string, b: string): number {
  const weight = (c: string | undefined): number =>
    c === undefined || /\d/.test(c)
      ? 0
      : c === '~'
        ? -1
        : /[A-Za-z]/.test(c)
          ? c.charCodeAt(0)
          : c.charCodeAt(0) + 256;
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while ((i < a.length && !/\d/.test(a[i]!)) || (j < b.length && !/\d/.test(b[j]!))) {
      const difference = weight(a[i]) - weight(b[j]);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const [x, y] = [/^\d*/.exec(a.slice(i))![0], /^\d*/.exec(b.slice(j))![0]];
    const difference = BigInt(x || '0') - BigInt(y || '0');
    if (difference !== 0n) return difference < 0n ? -1 : 1;
    i += x.length;
    j += y.length;
  }
  return 0;
}

const ALPINE_SUFFIX = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];

const NO_SUFFIX: [number, number] = [ALPINE_SUFFIX.indexOf(''), 0];

/** https://wiki.alpinelinux.org/wiki/Package_policies: numbers, a letter, suffixes, -rN. */
export function alpine(a: string, b: string): number {
  const [x, y] = [alpineVersion(a), alpineVersion(b)];
  for (let i = 0; i < Math.max(x.numbers.length, y.numbers.length); i++) {
    const [p, q] = [x.numbers[i] ?? -1n, y.numbers[i] ?? -1n];
    if (p !== q) return p < q ? -1 : 1;
  }
  if (x.letter !== y.letter) return x.letter < y.letter ? -1 : 1;
  return suffixOrder(x, y) || x.revision - y.revision;
}

function suffixOrder({ suffixes: a }: AlpineVersion, { suffixes: b }: AlpineVersion): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [[p, m], [q, n]] = [a[i] ?? NO_SUFFIX, b[i] ?? NO_SUFFIX];
    if (p !== q || m !== n) return p - q || m - n;
  }
  return 0;
}

interface AlpineVersion {
  readonly numbers: readonly bigint[];
  readonly letter: string;
  /** rank and number of each */
  readonly suffixes: readonly [number, number][];
  readonly revision: number;
}

function alpineVersion(version: string): AlpineVersion {
  const [, numbers = '0', letter = '', suffixes = '', revision = '0'] =
    /^([0-9.]+)([a-z]?)((?:_[a-z]+\d*)*)(?:-r(\d+))?/.exec(version) ?? [];
  return {
    numbers: numbers.split('.').map((one) => BigInt(one || '0')),
    letter,
    revision: Number(revision),
    suffixes: [...suffixes.matchAll(/_([a-z]+)(\d*)/g)].map(([, word, number]) => [
      ALPINE_SUFFIX.indexOf(word!),
      Number(number || '0'),
    ]),
  };
}

const PEP440 =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i;
const PRE: Record<string, number> = {
  a: 1,
  alpha: 1,
  b: 2,
  beta: 2,
  c: 3,
  rc: 3,
  pre: 3,
  preview: 3,
};

/**
 * https://peps.python.org/pep-0440/: epoch, release, dev before pre before the release before post.
 */
export function pep440(a: string, b: string): number {
  const [x, y] = [pythonKey(a), pythonKey(b)];
  if (x === null || y === null) return 0;
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const RELEASE_PARTS = 12;

function pythonKey(version: string): number[] | null {
  const match = PEP440.exec(version.trim().toLowerCase());
  if (match === null) return null;
  const [, epoch, release, pre, preNumber, postShort, post, postNumber, dev, devNumber, local] =
    match;
  const numbers = release!.split('.').map(Number);
  const isPost = post !== undefined || postShort !== undefined;
  const isDev = dev !== undefined;
  return [
    Number(epoch ?? 0),
    ...Array.from({ length: RELEASE_PARTS }, (_, i) => numbers[i] ?? 0),
    pre === undefined ? rankWithoutPre(isDev, isPost) : PRE[pre]!,
    Number(preNumber || 0),
    isPost ? 1 : 0,
    Number(postShort ?? (postNumber || 0)),
    isDev ? 0 : 1,
    Number(devNumber || 0),
    local === undefined ? 0 : 1,
  ];
}

/** The developers' own builds come before what is tried out, which comes before the release. */
const rankWithoutPre = (isDev: boolean, isPost: boolean): number => (isDev && !isPost ? 0 : 4);
