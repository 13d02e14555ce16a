import {
  FROM_URL,
  firstFit,
  MODEL_FETCH,
  MODEL_FILE,
  REMOTE_CODE,
  TRUSTED_SOURCE,
  UNCHECKED,
  UNSIGNED,
} from './package-patterns.ts';
import { bare, baseName, readShell, type Command } from './shell.ts';
import type { Tell } from './shell-rules.ts';

/** Indexes that carry what PyPI has no room for; everybody uses them. */
const KNOWN_INDEX =
  /^https:\/\/(download\.pytorch\.org|pypi\.nvidia\.com|pypi\.ngc\.nvidia\.com)(\/|$)/;
const COMMIT = /@[0-9a-f]{40}([#&]|$)/;

/** A habit that any place of a text may show. */
interface Habit {
  forms: readonly RegExp[];
  /** looked for where nothing fits those */
  or?: readonly RegExp[];
  rule: Parameters<Tell>[0];
  why?: string;
  /** when it is not the text itself */
  evidence?: string;
}
/** In the order in which they are told. */
const HABITS: readonly Habit[] = [
  { forms: MODEL_FETCH, or: MODEL_FILE, rule: 'docker-unscanned-model' },
  {
    forms: REMOTE_CODE,
    rule: 'docker-unscanned-model',
    why: 'Code that comes with a model is run without anybody having read it.',
    evidence: 'trust_remote_code',
  },
  {
    forms: UNSIGNED,
    rule: 'docker-package-source',
    why: 'Signatures of packages are not checked.',
  },
  { forms: UNCHECKED, rule: 'docker-insecure-download' },
  { forms: FROM_URL, rule: 'docker-package-from-url' },
  {
    forms: TRUSTED_SOURCE,
    rule: 'docker-package-source',
    why: 'An apt source is marked as trusted, so its signatures are not checked.',
    evidence: '[trusted=yes]',
  },
];

/** What a shell text installs and from where; models that it fetches past the scan. */
export function checkPackages(text: string, tell: Tell): void {
  tellHabits(text, tell);
  for (const command of readShell(text).flat()) {
    const words = bare(command);
    const name = baseName(words[0] ?? '');
    const pip = pipArguments(words);
    if (pip !== null) checkPip(pip, command, tell);
    if (/^(apt|apt-get|aptitude)$/.test(name)) checkApt(words, command, tell);
    if (takesUnchecked(name, words)) tell('docker-package-source', undefined, command.text.trim());
    if (insecure(name, words)) tell('docker-insecure-download', undefined, command.text.trim());
    if (words.some((word) => /^(openssh-server|dropbear)(=|$)/.test(word)) || name === 'sshd')
      tell('docker-remote-access', undefined, command.text.trim());
  }
}

function tellHabits(text: string, tell: Tell): void {
  for (const { forms, or, rule, why, evidence } of HABITS) {
    const fit = firstFit(forms, text) ?? firstFit(or ?? [], text);
    if (fit !== null) tell(rule, why, evidence ?? fit.trim());
  }
}

/** Does a package manager other than pip and apt take what nobody signed, or from anywhere? */
function takesUnchecked(name: string, words: string[]): boolean {
  if (name === 'apk') return words.includes('--allow-untrusted');
  if (/^(yum|dnf|microdnf|zypper)$/.test(name))
    return words.some((word) => /^--(nogpgcheck|no-gpg-checks)$/.test(word));
  return (
    /^(npm|yarn|pnpm)$/.test(name) &&
    words.some(
      (word, i) =>
        /^(--registry=)?http:\/\//.test(word) ||
        (word === '--registry' && /^http:/.test(words[i + 1] ?? '')),
    )
  );
}

/** The arguments of `pip install`, in all the ways to call it; null when it is something else. */
function pipArguments(words: string[]): string[] | null {
  const name = baseName(words[0] ?? '');
  const rest = /^pip[0-9.]*$/.test(name)
    ? words.slice(1)
    : /^python[0-9.]*$/.test(name) && words[1] === '-m' && words[2] === 'pip'
      ? words.slice(3)
      : name === 'uv' && words[1] === 'pip'
        ? words.slice(2)
        : null;
  if (rest === null) return null;
  const at = rest.indexOf('install');
  return at < 0 ? null : rest.slice(at + 1);
}

function checkPip(words: string[], command: Command, tell: Tell): void {
  const evidence = command.text.trim();
  const valueOf = (i: number): string =>
    words[i]!.includes('=') ? words[i]!.slice(words[i]!.indexOf('=') + 1) : (words[i + 1] ?? '');
  for (const [i, word] of words.entries()) {
    if (/^--trusted-host(=|$)/.test(word))
      tell(
        'docker-package-source',
        'pip is told to trust a host whose certificate it cannot check.',
        evidence,
      );
    else if (INDEX_OPTION.test(word)) checkIndex(word, valueOf(i), evidence, tell);
    else if (!takesValue(words[i - 1]) && isAddress(word)) checkAddress(word, evidence, tell);
  }
  if (words.some((word, i) => !takesValue(words[i - 1]) && isUnpinned(word)))
    tell('docker-unpinned-package', undefined, evidence);
}

const INDEX_OPTION = /^(-i|--index-url|--extra-index-url|-f|--find-links)(=|$)/;
const isAddress = (word: string): boolean =>
  /^(git|hg|svn|bzr)\+/.test(word) || /^(https?|ftp):\/\//.test(word);
/** A package by its name alone: no version, no file, no variable, nothing of the shell. */
const isUnpinned = (word: string): boolean =>
  !isAddress(word) &&
  !word.startsWith('-') &&
  !/[=<>~!@]=|===|^\.{0,2}\/|\.(whl|txt|tar\.gz|zip)$|^\.$|\$/.test(word) &&
  !/^[<>|&]/.test(word);

function checkIndex(option: string, url: string, evidence: string, tell: Tell): void {
  if (/^http:\/\//.test(url)) tell('docker-package-source', `${url} is not encrypted.`, evidence);
  else if (/^--extra-index-url/.test(option) && !KNOWN_INDEX.test(url))
    tell('docker-extra-index', undefined, evidence);
}

/** A package from an address instead of an index. */
function checkAddress(address: string, evidence: string, tell: Tell): void {
  if (/^[a-z+]*(http|ftp|git):\/\//.test(address) && !/^[a-z+]*https:/.test(address))
    tell(
      'docker-package-source',
      'A package is fetched over a connection that is not encrypted.',
      evidence,
    );
  else if (!COMMIT.test(address) && !/#(sha256|.*&sha256)=[0-9a-f]{64}/.test(address))
    tell('docker-package-from-url', undefined, evidence);
}

/** options of pip that are followed by a value, and ways of the shell to name a file */
const VALUED = new Set(
  '-r --requirement -c --constraint -t --target --prefix --root -i --index-url --extra-index-url -f --find-links --platform --python-version --trusted-host --timeout --retries --cache-dir --python > >> <'.split(
    ' ',
  ),
);
const takesValue = (word: string | undefined): boolean => word !== undefined && VALUED.has(word);

function checkApt(words: string[], command: Command, tell: Tell): void {
  const evidence = command.text.trim();
  if (
    words.some(
      (word) =>
        /^--(allow-unauthenticated|force-yes|allow-insecure-repositories)$/.test(word) ||
        /Allow(Unauthenticated|Insecure\w*)\s*=\s*(true|yes|1)/i.test(word),
    )
  )
    tell('docker-package-source', undefined, evidence);
  const at = words.indexOf('install');
  if (
    at > 0 &&
    words
      .slice(at + 1)
      .some(
        (word, i, all) =>
          /^[a-z0-9][a-z0-9.+-]+$/.test(word) && !/^(-t|-o)$/.test(all[i - 1] ?? ''),
      )
  )
    tell('docker-unpinned-package', undefined, evidence);
}

function insecure(name: string, words: string[]): boolean {
  if (name === 'curl')
    return words.some(
      (word) =>
        word === '--insecure' || word === '--proxy-insecure' || /^-[a-zA-Z]*k[a-zA-Z]*$/.test(word),
    );
  if (name === 'wget') return words.includes('--no-check-certificate');
  return name === 'git' && words.some((word) => /^http\.sslVerify=(false|0)$/i.test(word));
}
