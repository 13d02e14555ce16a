/** One command of a pipeline: its words without quotes, and the text it was read from. */
export interface Command {
  words: string[];
  text: string;
}
export type Pipeline = Command[];

const WRAPPERS = new Set([
  'sudo',
  'env',
  'exec',
  'nice',
  'ionice',
  'nohup',
  'setsid',
  'time',
  'command',
  'busybox',
  'toybox',
  'stdbuf',
  'unbuffer',
  'xargs',
  'builtin',
  'doas',
  'tini',
  'dumb-init',
  'then',
  'do',
  'else',
  'if',
  'while',
  '!',
  '{',
  '(',
]);
/** the same, with a time, a user or a place before the command */
const WRAPPERS_OF_TWO = new Set([
  'timeout',
  'gosu',
  'su-exec',
  'chroot',
  'runuser',
  'su',
  'setpriv',
  'unshare',
  'nsenter',
  'taskset',
  'chrt',
  'flock',
  'script',
]);
const NESTED_MAX = 4;

/**
 * Reads shell text into pipelines, well enough to see what is started and what flows into what:
 * quotes, `;`, `&&`, `||`, `|`, line feeds, and the texts given to `sh -c` and `eval`, in $( ) and
 * in backticks. Not a shell: what it cannot follow stays one word.
 */
// eslint-disable-next-line complexity -- one walk over the characters: all depends on the quotes
export function readShell(text: string, depth = 0): Pipeline[] {
  const pipelines: Pipeline[] = [];
  let pipeline: Pipeline = [];
  let words: string[] = [];
  let word = '';
  let quote = '';
  let start = 0;
  const endWord = (): void => {
    if (word !== '') words.push(word);
    word = '';
  };
  const endCommand = (at: number): void => {
    endWord();
    if (words.length > 0) pipeline.push({ words, text: text.slice(start, at) });
    words = [];
    start = at + 1;
  };
  const endPipeline = (at: number): void => {
    endCommand(at);
    if (pipeline.length > 0) pipelines.push(pipeline);
    pipeline = [];
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"' && i + 1 < text.length) word += text[++i];
      else word += c;
    } else if (c === "'" || c === '"') quote = c;
    else if (c === '\\') word += text[++i] ?? '';
    else if (c === '|' && text[i + 1] !== '|') endCommand(text[i + 1] === '&' ? ++i : i);
    else if (
      c === ';' ||
      c === '\n' ||
      (c === '|' && text[i + 1] === '|') ||
      (c === '&' && text[i - 1] !== '>' && text[i + 1] !== '>')
    )
      endPipeline(text[i + 1] === c ? ++i : i);
    else if (c === '>' || c === '<') {
      endWord();
      words.push(text[i + 1] === c || text[i + 1] === '(' ? c + text[++i] : c);
    } else if (/\s/.test(c)) endWord();
    else word += c;
  }
  endPipeline(text.length);
  if (depth < NESTED_MAX)
    for (const inner of innerTexts(text, pipelines)) pipelines.push(...readShell(inner, depth + 1));
  return pipelines;
}

/** The command's own words: without wrappers such as sudo and without assignments before it. */
export function bare(command: Command): string[] {
  const words = command.words.map((word) =>
    word.replace(/^[({]+(?=.)/, '').replace(/(?<=.)[)}]+$/, ''),
  );
  let i = 0;
  for (;;) {
    const word = words[i] ?? '';
    if (i >= words.length - 1) break;
    if (WRAPPERS_OF_TWO.has(baseName(word))) {
      const inner = words.findIndex((one, j) => j > i && isInterpreter(one));
      i = inner > i ? inner : Math.min(i + 2, words.length - 1);
    } else if (
      WRAPPERS.has(baseName(word)) ||
      /^[A-Za-z_][A-Za-z0-9_]*=/.test(word) ||
      (i > 0 && word.startsWith('-'))
    )
      i++;
    else break;
  }
  return words.slice(i);
}

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const isInterpreter = (word: string): boolean =>
  /^(sh|bash|zsh|dash|ash|ksh|fish|python[0-9.]*|pypy[0-9.]*|perl|ruby|node|php|lua|tclsh|pwsh)$/.test(
    baseName(word),
  );

function innerTexts(text: string, pipelines: Pipeline[]): string[] {
  const inner = [...text.matchAll(/\$\(([^()]*)\)|`([^`]*)`|<\(([^()]*)\)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
  const flowing = new Set(
    pipelines
      .filter((pipeline) => pipeline.some((command) => isInterpreter(bare(command)[0] ?? '')))
      .flat(),
  );
  for (const command of pipelines.flat()) {
    const words = bare(command);
    const name = words[0] ?? '';
    if (name === 'eval') inner.push(words.slice(1).join(' '));
    // what is written into a shell is a text for it
    if (/^(echo|printf)$/.test(baseName(name)) && flowing.has(command))
      inner.push(words.slice(1).join(' '));
    const flag = /^(sh|bash|zsh|dash|ash|ksh)$/.test(baseName(name))
      ? words.findIndex((word) => /^-[a-z]*c$/.test(word))
      : -1;
    if (flag > 0 && words[flag + 1] !== undefined) inner.push(words[flag + 1]!);
  }
  return inner;
}
