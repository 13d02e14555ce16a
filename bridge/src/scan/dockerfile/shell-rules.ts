import type { RuleId } from '../rules.ts';
import { bare, baseName, isInterpreter, readShell, type Command, type Pipeline } from './shell.ts';

export type Tell = (rule: RuleId, why?: string, evidence?: string) => void;

const DOWNLOADER =
  /^(curl|wget2?|fetch|aria2c|axel|lynx|links|w3m|http|https|nc|ncat|netcat|socat|telnet|scp|sftp|rsync|t?ftp|lftp|dig|nslookup|host|GET|lwp-download|gsutil|rclone)$/;
/** makes a program of what does not look like one */
const DECODER = /^(base64|base32|basenc|openssl|xxd|uudecode)$/;
/** writes what everybody can read in the line itself, or a file that came with the build */
const PLAIN_WRITER = /^(echo|printf|cat|yes|true|:)$/;
const SUBSTITUTED =
  /(\$\(|`|<\()[^`]{0,1000}?(?<![\w.-])(curl|wget|fetch|aria2c|base64|base32|xxd|openssl|nc|ncat|socat|dig|rev|tr|printf)\b/;
/** `eval "$(… base64 -d …)"`, with pipes inside */
const RUNS_SUBSTITUTED =
  /(?:^|[\s;&|("'])(?:eval|source|\.|(?:ba|da|z|a|k)?sh(?:\s+-\w+)*)\s+["']?(?:\$\(|`|<\()[^`]{0,1000}?(?<![\w.-])(?:curl|wget|fetch|aria2c|base64|base32|xxd|openssl|nc|ncat|socat|dig|rev|tr|printf)\b/;
/** a variable that is given what was fetched or decoded */
const FETCHED_VARIABLE =
  /\b([A-Za-z_][A-Za-z0-9_]*)=["']?(?:\$\(|`)[^`)]{0,1000}?\b(?:curl|wget|fetch|aria2c|base64|base32|xxd|openssl|nc|ncat|socat|dig)\b/g;
const FETCHING_CODE =
  /(urlopen|urlretrieve|requests\.(get|post)|httpx\.|aiohttp|http\.client|HTTPS?Connection|socket\.|create_connection|ftplib|fetch\(|https?\.get\(|LWP::|IO::Socket|Net::HTTP|open-uri|file_get_contents|curl_exec|fsockopen)/;
const DECODING_CODE =
  /(b64decode|b32decode|a85decode|unhexlify|fromhex\(|decode_base64|base64_decode|atob\(|zlib\.decompress|marshal\.loads|codecs\.decode|MIME::Base64|'base64'|"base64")/;
const RUNNING_CODE =
  /(\bexec\b|\beval\b|os\.system|\.popen\(|subprocess|child_process|\bsystem\b|passthru|shell_exec|runpy|pty\.spawn|__import__)/;
/** a shell on the other end of a connection */
const BACK_DOOR =
  /\/dev\/(tcp|udp)\/|\b(nc|ncat|netcat)\b[^|;&\n]{0,500}\s(-[a-z]*[ec]|--(sh-)?exec)\b|\bsocat\b[^|;&\n]{0,500}\b(EXEC|SYSTEM):/i;
const VERIFIED = /\b(sha(256|384|512)sum|shasum|b2sum|gpgv?|cosign|minisign)\b/;

const NAMES_MAX = 500;

/**
 * What the shell text of one instruction does that it should not. `downloads` remembers files
 * fetched by earlier instructions.
 */
export function checkShell(text: string, downloads: Set<string>, tell: Tell): void {
  const verified = VERIFIED.test(text);
  checkText(text, tell);
  const fetched = [...new Set([...text.matchAll(FETCHED_VARIABLE)].map((match) => match[1]!))];
  // each is held against each command
  if (fetched.length > NAMES_MAX || downloads.size > NAMES_MAX)
    return tell(
      'docker-syntax',
      `More than ${NAMES_MAX} things are fetched; COPY a script instead.`,
    );
  const holdsFetched = (command: Command): boolean =>
    fetched.some((name) => new RegExp(`\\$\\{?${name}\\b`).test(command.text));
  for (const pipeline of readShell(text)) {
    checkPipeline(pipeline, tell);
    const lastReader = pipeline.findLastIndex((command) => readsProgramFromInput(bare(command)));
    for (const [i, command] of pipeline.entries()) {
      const runs = isRunner(bare(command)[0] ?? '') || lastReader > i;
      if (runs && holdsFetched(command))
        tell('docker-piped-installer', undefined, command.text.trim());
      checkCommand(command, tell);
      if (runsDownload(command, downloads) && !verified)
        tell(
          'docker-piped-installer',
          'A file that was fetched from the network is run without a check of its digest.',
          command.text.trim(),
        );
      for (const file of [...downloaded(command), ...copied(command, downloads)])
        downloads.add(file);
    }
  }
}

/** What shows in the text as a whole. */
function checkText(text: string, tell: Tell): void {
  if (
    /\b(python|perl|ruby|node|php)/.test(text) &&
    (FETCHING_CODE.test(text) || DECODING_CODE.test(text)) &&
    RUNNING_CODE.test(text)
  )
    tell('docker-piped-installer', undefined, text.trim());
  if (RUNS_SUBSTITUTED.test(text)) tell('docker-piped-installer', undefined, text.trim());
  if (BACK_DOOR.test(text))
    tell('docker-piped-installer', 'A shell is connected to the network.', text.trim());
  if (
    /\|\s{0,9}while\s+(IFS=\S{0,9}\s+)?read\b[\s\S]{0,1000}?\b(eval|sh|bash)\b/.test(text) &&
    SUBSTITUTED.test(`$(${text})`)
  )
    tell('docker-piped-installer', undefined, text.trim());
}

/**
 * `curl … | sh`, `base64 -d … | bash`, with anything in between: a program that nobody can read in
 * the line or among the files.
 */
function checkPipeline(pipeline: Pipeline, tell: Tell): void {
  const runner = pipeline.findIndex(
    (command, i) => i > 0 && (readsProgramFromInput(bare(command)) || takesProgramAsWords(command)),
  );
  if (runner < 0) return;
  const before = pipeline
    .slice(0, runner)
    .map((command) => ({ name: baseName(bare(command)[0] ?? ''), text: command.text }));
  const plain = before.every(
    ({ name, text }) => PLAIN_WRITER.test(name) && !(name !== 'cat' && /\\[0-7xu]/.test(text)),
  );
  if (!plain || pipeline.slice(0, runner).some((command) => SUBSTITUTED.test(command.text)))
    tell(
      'docker-piped-installer',
      undefined,
      pipeline.map((command) => command.text.trim()).join(' | '),
    );
}

/** `xargs sh -c`: the input becomes the program. */
const takesProgramAsWords = (command: Command): boolean =>
  command.words.some((word) => baseName(word) === 'xargs') &&
  isInterpreter(bare(command)[0] ?? '') &&
  command.words.includes('-c');

const isRunner = (word: string): boolean => isInterpreter(word) || /^(eval|source|\.)$/.test(word);

function readsProgramFromInput(words: string[]): boolean {
  const [name = '', ...rest] = words;
  if (baseName(name) === 'source' || name === '.') return rest[0] === '/dev/stdin';
  // whatever the variable says, it is a program that is given what comes
  if (/^\$\{?[A-Za-z_]/.test(name))
    return rest.length === 0 || rest.every((word) => word.startsWith('-'));
  if (!isInterpreter(name)) return false;
  const args = rest.slice(
    0,
    rest.findIndex((word) => word === '>' || word === '<' || word === '>>') >>> 0,
  );
  if (args.some((word) => /^-[a-zA-Z]*[cme]$/.test(word) && !/^-[a-z]*s/.test(word))) return false;
  const script = args.find((word) => !word.startsWith('-'));
  return (
    script === undefined || script === '/dev/stdin' || args.includes('-s') || args.includes('-')
  );
}

function checkCommand(command: Command, tell: Tell): void {
  const words = bare(command);
  const name = baseName(words[0] ?? '');
  const evidence = command.text.trim();
  if (
    command.words.some((word) => baseName(word) === 'sudo') &&
    (baseName(command.words[0]!) === 'sudo' || words.includes('install'))
  )
    tell('docker-sudo', undefined, evidence);
  if (
    (isInterpreter(name) || name === 'eval' || name === 'source' || name === '.') &&
    SUBSTITUTED.test(command.text)
  )
    tell('docker-piped-installer', undefined, evidence);
  checkPermissions(words, evidence, tell);
}

/** Ways to let everybody write, or to run as root. */
function checkPermissions(words: string[], evidence: string, tell: Tell): void {
  const name = baseName(words[0] ?? '');
  if (changesModeTooMuch(words)) tell('docker-permissions', undefined, evidence);
  if (/\bNOPASSWD\b|\/etc\/sudoers/.test(evidence) || name === 'chpasswd')
    tell('docker-permissions', 'A way to become root is left in the image.', evidence);
  if (/\bchmod\(.{0,500}0o?[2467][0-7]{3}\b/.test(evidence) || createsWithModeTooMuch(name, words))
    tell('docker-permissions', undefined, evidence);
  if (name === 'setcap')
    tell('docker-permissions', 'A program is given a capability of root.', evidence);
}

function changesModeTooMuch(words: string[]): boolean {
  const chmod = words.findIndex((word) => baseName(word) === 'chmod');
  return (
    chmod >= 0 &&
    (chmod === 0 || words.includes('-exec') || words.includes('-execdir')) &&
    words.slice(chmod + 1).some(tooMuch)
  );
}

function createsWithModeTooMuch(name: string, words: string[]): boolean {
  if (name === 'umask') return /^0*[0-7]?[0145]$/.test(words[1] ?? '');
  return (
    /^(install|mkdir)$/.test(name) &&
    words.some(
      (word, i) =>
        (words[i - 1] === '-m' || /^(--mode=|-m)./.test(word)) &&
        tooMuch(word.replace(/^(--mode=|-m)/, '')),
    )
  );
}

/**
 * Does a mode let everybody write, or run with the rights of the owner? A sticky directory such as
 * /tmp may be written by all.
 */
export function tooMuch(mode: string): boolean {
  if (/^[0-7]{1,5}$/.test(mode)) {
    const bits = parseInt(mode, 8);
    return (bits & 0o6000) !== 0 || ((bits & 0o002) !== 0 && (bits & 0o1000) === 0);
  }
  return (
    /^[ugoa,+=rwxXst-]+$/.test(mode) &&
    mode
      .split(',')
      .some((part) =>
        /^[ug]*\+?[^-]*s/.test(part) && /[+=]/.test(part)
          ? true
          : /^[ug]*[oa][ugoa]*[+=][rxXst]*w/.test(part),
      )
  );
}

/** Files that a command leaves on disk, by the name under which a later command could run them. */
function downloaded(command: Command): string[] {
  const words = bare(command);
  const name = baseName(words[0] ?? '');
  if (!DOWNLOADER.test(name) && !DECODER.test(name)) return [];
  const files: string[] = [];
  if (/^(scp|sftp|rsync|t?ftp|lftp)$/.test(name))
    files.push(words.at(-1)!, ...words.filter((word, i) => words[i - 1] === '-r'));
  words.forEach((word, i) => {
    const next = words[i + 1];
    if (namesOutput(name, word) && next !== undefined && next !== '-') files.push(next);
    const joined = /^--(?:output|output-document|out)=(.+)$/.exec(word);
    if (joined !== null) files.push(joined[1]!);
    const short = (
      name === 'curl' ? /^-[a-zA-Z]*o(.+)$/ : name === 'wget' ? /^-O(.+)$/ : null
    )?.exec(word);
    if (short) files.push(short[1]!);
    if (/^https?:\/\//.test(word)) files.push(baseName(word.replace(/[?#].*$/, '')));
  });
  return files.filter((file) => file !== '');
}

/** Is the next word the file that a downloader or decoder writes? */
function namesOutput(name: string, word: string): boolean {
  const given =
    name === 'curl' ? /^(-[a-zA-Z]*o|--output)$/ : /^(-[a-zA-Z]*O|--output-document|-o|--out)$/;
  return (
    (DOWNLOADER.test(name) && given.test(word)) ||
    word === '>' ||
    word === '>>' ||
    (name === 'openssl' && word === '-out')
  );
}

/** A fetched file under another name. */
function copied(command: Command, downloads: Set<string>): string[] {
  const words = bare(command);
  const to = words.indexOf('>') >= 0 ? words[words.indexOf('>') + 1] : words.at(-1);
  return /^(cp|mv|ln|install|cat|dd|tee)$/.test(baseName(words[0] ?? '')) &&
    to !== undefined &&
    words.slice(1).some((word) => word !== to && isFetched(word.replace(/^if=/, ''), downloads))
    ? [to.replace(/^of=/, '')]
    : [];
}

const isFetched = (word: string, downloads: Set<string>): boolean =>
  word !== '' &&
  [...downloads].some(
    (file) => word === file || word === `./${file}` || baseName(word) === baseName(file),
  );

function runsDownload(command: Command, downloads: Set<string>): boolean {
  const words = bare(command);
  const name = words[0] ?? '';
  if (DOWNLOADER.test(baseName(name))) return false;
  if (isRunner(name)) {
    const script = words.slice(1).find((word) => !word.startsWith('-') && word !== '<');
    return script !== undefined && isFetched(script, downloads);
  }
  // by its name alone, what lies where programs are looked for
  return name.includes('/')
    ? isFetched(name, downloads)
    : [...downloads].some((file) => /(^|\/)s?bin\/[^/]+$/.test(file) && baseName(file) === name);
}
