import type { RuleId } from '../rules.ts';
import { bare, baseName, isInterpreter, readShell, type Command, type Pipeline } from './shell.ts';

export type Tell = (rule: RuleId, why?: string, evidence?: string) => void;

const DOWNLOADER = /^(curl|wget|fetch|aria2c|axel|lynx|http|https|nc|ncat)$/;
const DECODER = /^(base64|base32|openssl|xxd|gunzip|zcat|unxz|uudecode)$/;
const SUBSTITUTED = /(\$\(|`|<\()\s*(sudo\s+)?(\S*\/)?(curl|wget|fetch|aria2c|base64|nc)\b/;
const FETCHING_CODE = /(urlopen|urlretrieve|requests\.(get|post)|httpx\.|fetch\(|LWP::|Net::HTTP|open-uri)/;
const RUNNING_CODE = /(\bexec\b|\beval\b|os\.system|subprocess|child_process|\bsystem\b)/;
const VERIFIED = /\b(sha(256|384|512)sum|shasum|b2sum|gpgv?|cosign|minisign)\b/;

/** What the shell text of one instruction does that it should not. `downloads` remembers files fetched by earlier instructions. */
export function checkShell(text: string, downloads: Set<string>, tell: Tell): void {
  const verified = VERIFIED.test(text);
  if (/\b(python|perl|ruby|node)/.test(text) && FETCHING_CODE.test(text) && RUNNING_CODE.test(text)) tell('docker-piped-installer', undefined, text.trim());
  for (const pipeline of readShell(text)) {
    checkPipeline(pipeline, tell);
    for (const command of pipeline) {
      checkCommand(command, tell);
      if (runsDownload(command, downloads) && !verified) tell('docker-piped-installer', 'A file that was fetched from the network is run without a check of its digest.', command.text.trim());
      for (const file of downloaded(command)) downloads.add(file);
    }
  }
}

/** `curl … | sh`, `base64 -d … | bash`, with anything in between. */
function checkPipeline(pipeline: Pipeline, tell: Tell): void {
  const first = pipeline.findIndex((command) => {
    const name = baseName(bare(command)[0] ?? '');
    return DOWNLOADER.test(name) || DECODER.test(name);
  });
  if (first < 0) return;
  const runner = pipeline.slice(first + 1).find((command) => readsProgramFromInput(bare(command)));
  if (runner !== undefined) tell('docker-piped-installer', undefined, pipeline.map((command) => command.text.trim()).join(' | '));
}

function readsProgramFromInput(words: string[]): boolean {
  const [name = '', ...rest] = words;
  if (baseName(name) === 'source' || name === '.') return rest[0] === '/dev/stdin';
  if (!isInterpreter(name)) return false;
  const args = rest.slice(0, rest.findIndex((word) => word === '>' || word === '<' || word === '>>') >>> 0);
  if (args.some((word) => /^-[a-zA-Z]*[cme]$/.test(word) && !/^-[a-z]*s/.test(word))) return false;
  const script = args.find((word) => !word.startsWith('-'));
  return script === undefined || script === '/dev/stdin' || args.includes('-s') || args.includes('-');
}

function checkCommand(command: Command, tell: Tell): void {
  const words = bare(command);
  const name = baseName(words[0] ?? '');
  const evidence = command.text.trim();
  if (command.words.some((word) => baseName(word) === 'sudo') && (baseName(command.words[0]!) === 'sudo' || words.includes('install'))) tell('docker-sudo', undefined, evidence);
  if ((isInterpreter(name) || name === 'eval' || name === 'source' || name === '.') && SUBSTITUTED.test(command.text)) tell('docker-piped-installer', undefined, evidence);
  if (name === 'chmod' && words.slice(1).some(tooMuch)) tell('docker-permissions', undefined, evidence);
  if (name === 'install' && words.some((word, i) => (words[i - 1] === '-m' || word.startsWith('--mode=')) && tooMuch(word.replace('--mode=', '')))) tell('docker-permissions', undefined, evidence);
  if (name === 'setcap') tell('docker-permissions', 'A program is given a capability of root.', evidence);
}

/** Does a mode let everybody write, or run with the rights of the owner? A sticky directory such as /tmp may be written by all. */
export function tooMuch(mode: string): boolean {
  if (/^[0-7]{3,5}$/.test(mode)) {
    const bits = parseInt(mode, 8);
    return (bits & 0o6000) !== 0 || ((bits & 0o002) !== 0 && (bits & 0o1000) === 0);
  }
  return /^[ugoa,+=rwxXst-]+$/.test(mode) && mode.split(',').some((part) => /^[ug]*\+?[^-]*s/.test(part) && /[+=]/.test(part) ? true : /^[ug]*[oa][ugoa]*[+=][rxXst]*w/.test(part));
}

/** Files that a command leaves on disk, by the name under which a later command could run them. */
function downloaded(command: Command): string[] {
  const words = bare(command);
  const name = baseName(words[0] ?? '');
  if (!DOWNLOADER.test(name)) return [];
  const files: string[] = [];
  words.forEach((word, i) => {
    const next = words[i + 1];
    const given = name === 'curl' ? /^(-[a-zA-Z]*o|--output)$/ : /^(-[a-zA-Z]*O|--output-document|-o|--out)$/;
    if ((given.test(word) || word === '>') && next !== undefined && next !== '-') files.push(next);
    const joined = /^--(?:output|output-document|out)=(.+)$/.exec(word);
    if (joined !== null) files.push(joined[1]!);
    if (/^https?:\/\//.test(word)) files.push(baseName(word.replace(/[?#].*$/, '')));
  });
  return files.filter((file) => file !== '');
}

function runsDownload(command: Command, downloads: Set<string>): boolean {
  const words = bare(command);
  const name = words[0] ?? '';
  const fetched = (word: string): boolean => [...downloads].some((file) => word === file || word === `./${file}` || baseName(word) === baseName(file));
  if (DOWNLOADER.test(baseName(name))) return false;
  if (isInterpreter(name) || name === '.' || baseName(name) === 'source') {
    const script = words.slice(1).find((word) => !word.startsWith('-'));
    return script !== undefined && fetched(script);
  }
  return name.includes('/') && fetched(name);
}
