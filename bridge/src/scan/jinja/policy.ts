import { readTemplate, TemplateFault, type Piece, type Token } from './lexer.ts';
import { FILTERS, FUNCTIONS, INSIDES, KEYWORDS, METHODS, READING_FILTERS, STATEMENTS, TESTS } from './vocabulary.ts';

/** What speaks against a template, and where. */
export interface TemplateFinding {
  why: string;
  /** characters from its start */
  at: number;
  symbol: string;
}

const LENGTH_MAX = 1024 * 1024;
const FINDINGS_MAX = 20;
/** a number that is only known by so many others is not taken for one */
const PASSES_MAX = 32;

/** Reads a chat template without running it. An empty answer: it only shapes text. */
export function judgeTemplate(text: string): TemplateFinding[] {
  if (text.length > LENGTH_MAX) return [{ why: `A chat template has at most ${LENGTH_MAX} characters.`, at: 0, symbol: '' }];
  try {
    return new Judge(readTemplate(text)).findings.slice(0, FINDINGS_MAX);
  } catch (error) {
    if (error instanceof TemplateFault) return [{ why: `The template cannot be read: ${error.message}`, at: error.at, symbol: '' }];
    throw error;
  }
}

const NO_NUMBER: Token = { kind: 'string', text: '', at: 0 };

class Judge {
  readonly findings: TemplateFinding[] = [];
  readonly #macros = new Set<string>();
  /** names, and attributes of namespaces, that only ever hold numbers */
  readonly #numeric = new Set<string>(['loop.index', 'loop.index0', 'loop.revindex', 'loop.revindex0', 'loop.length', 'loop.depth', 'loop.depth0']);

  constructor(pieces: Piece[]) {
    for (const { kind, tokens } of pieces) if (kind === 'statement' && tokens[0]?.text === 'macro' && tokens[1] !== undefined) this.#macros.add(tokens[1].text);
    this.#learnNumbers(pieces);
    for (const piece of pieces) this.#piece(piece);
  }

  /** A name counts as a number when every value that it is given is one. */
  #learnNumbers(pieces: Piece[]): void {
    const given = new Map<string, Token[][]>();
    const give = (name: string, value: Token[]): void => {
      const values = given.get(name);
      if (values === undefined) given.set(name, [value]);
      else values.push(value);
    };
    for (const { tokens } of pieces) {
      const equals = tokens.findIndex(({ text, kind }) => kind === 'operator' && text === '=');
      const targets = boundNames(tokens);
      // of a pair, a block or a call nobody knows what comes
      if (targets.length !== 1 || equals < 0) for (const { text } of targets) if (!(tokens[0]!.text === 'for' && targets.length === 1)) give(text, [NO_NUMBER]);
      if (tokens[0]?.text === 'set' && equals > 0) give(joined(tokens.slice(1, equals)), tokens.slice(equals + 1));
      if (tokens[0]?.text === 'for' && tokens[2]?.text === 'in') give(tokens[1]!.text, tokens[3]?.text === 'range' ? [] : [NO_NUMBER]);
      if (tokens[0]?.text === 'set' && tokens[equals + 1]?.text === 'namespace') {
        for (const [name, value] of namedArguments(tokens.slice(equals + 3, -1))) give(`${tokens[1]!.text}.${name}`, value);
      }
    }
    for (let changed = true, passes = 0; changed && passes < PASSES_MAX; passes++) {
      changed = false;
      for (const [name, values] of given) {
        if (!this.#numeric.has(name) && values.every((value) => this.#isNumber(value))) {
          this.#numeric.add(name);
          changed = true;
        }
      }
    }
  }

  #isNumber(tokens: Token[]): boolean {
    for (let i = 0; i < tokens.length; i++) {
      const { kind, text } = tokens[i]!;
      if (kind === 'string' || text === '~' || text === '[' || text === '{') return false;
      if (kind !== 'name' || KEYWORDS.has(text)) continue;
      const dotted = tokens[i + 1]?.text === '.' ? `${text}.${tokens[i + 2]?.text ?? ''}` : text;
      if (this.#numeric.has(dotted)) i += dotted === text ? 0 : 2;
      // whatever it is, its length is a number
      else if (tokens.slice(i + 1).findIndex((token, j, rest) => token.text === '|' && /^(length|count|int)$/.test(rest[j + 1]?.text ?? '')) === (dotted === text ? 0 : 2)) i += dotted === text ? 2 : 4;
      else return false;
    }
    return true;
  }

  #piece({ kind, tokens, at }: Piece): void {
    const [first] = tokens;
    if (kind === 'statement' && (first === undefined || !STATEMENTS.has(first.text))) {
      this.#tell(`The statement "${first?.text ?? ''}" is not one that chat templates need.`, at, first?.text ?? '');
      return;
    }
    for (const { text, at: place } of kind === 'statement' ? boundNames(tokens) : []) {
      if (FUNCTIONS.has(text) || text === 'caller' || text === 'loop' || this.#macros.has(text)) this.#tell(`"${text}" is given another meaning, and what is called by that name is not known.`, place, text);
    }
    if (kind === 'statement' && first!.text === 'macro' && FUNCTIONS.has(tokens[1]?.text ?? '')) this.#tell(`"${tokens[1]!.text}" is given another meaning.`, at, tokens[1]!.text);
    for (let i = kind === 'statement' ? 1 : 0; i < tokens.length; i++) this.#token(tokens, i, kind === 'statement' ? first!.text : '');
  }

  #token(tokens: Token[], i: number, statement: string): void {
    const token = tokens[i]!;
    const [before, after] = [tokens[i - 1], tokens[i + 1]];
    if (token.kind === 'string') {
      if (/__/.test(token.text)) this.#tell('A text holds "__", with which Python names its insides.', token.at, token.text);
      else if (before?.text === '[' && INSIDES.test(token.text)) this.#tell('It reaches for the inside of an object.', token.at, token.text);
    } else if (token.kind === 'name') this.#name(tokens, i, statement);
    else if (token.text === '[' && this.#isSubscript(before)) this.#subscript(tokens, i);
    else if (token.text === '(' && before !== undefined && (before.text === ')' || before.text === ']')) this.#tell('It calls something that it computed.', token.at, '(');
    if (token.text === '%' && before?.kind === 'string' && after !== undefined) this.#tell('A text is put together by a pattern, which can spell any name.', token.at, '%');
  }

  #name(tokens: Token[], i: number, statement: string): void {
    const { text, at } = tokens[i]!;
    const [before, after] = [tokens[i - 1]?.text, tokens[i + 1]?.text];
    if (/__/.test(text) || /[^\w]/.test(text)) return this.#tell('It names the inside of an object, or is written in letters that Python changes.', at, text);
    if (before === '.') {
      if (INSIDES.test(text)) this.#tell('It reaches for the inside of an object.', at, text);
      else if (after === '(' && !METHODS.has(text)) this.#tell(`The method "${text}" is not on the list of harmless ones.`, at, text);
    } else if (before === '|' || (i === 1 && statement === 'filter')) {
      if (!FILTERS.has(text)) this.#tell(`The filter "${text}" is not on the list of harmless ones.`, at, text);
      else if (READING_FILTERS.has(text)) this.#attributesRead(tokens, i);
    } else if (before === 'is' || (before === 'not' && tokens[i - 2]?.text === 'is')) {
      if (text !== 'not' && !TESTS.has(text)) this.#tell(`The test "${text}" is not on the list of harmless ones.`, at, text);
    } else if (after === '(' && !KEYWORDS.has(text) && !FUNCTIONS.has(text) && !this.#macros.has(text) && !(statement === 'macro' && i === 1) && text !== 'caller') {
      this.#tell(`"${text}" is called, and is not a function that chat templates have.`, at, text);
    }
  }

  /** `map(attribute='x')`, `selectattr('x.y')`, `map('upper')`: names given as texts. */
  #attributesRead(tokens: Token[], i: number): void {
    if (tokens[i + 1]?.text !== '(') return;
    const filter = tokens[i]!;
    for (const [n, argument] of callArguments(tokens, i + 2).entries()) {
      const [name, equals, value] = argument;
      const named = equals?.text === '=' ? name!.text : null;
      // which attribute or filter it is must stand there
      const tells = named === 'attribute' || (named === null && (n === 0 || /^(sort|unique|min|max)$/.test(filter.text)));
      const literal = named === null ? argument.length === 1 && (name!.kind !== 'name' || KEYWORDS.has(name!.text)) : argument.length === 3 && value!.kind !== 'name';
      if (name?.text === '*' || name?.text === '**' || (tells && !literal)) this.#tell('Which attribute or filter it uses is computed, so it could be any.', filter.at, filter.text);
      if (filter.text === 'map' && n === 0 && name?.kind === 'string' && READING_FILTERS.has(name.text)) this.#tell('A filter is given to a filter, with names that nobody looked at.', filter.at, name.text);
    }
    for (let j = i + 2, depth = 1; j < tokens.length && depth > 0; j++) {
      const { kind, text, at } = tokens[j]!;
      if (text === '(' && kind === 'operator') depth += 1;
      if (text === ')' && kind === 'operator') depth -= 1;
      if (kind !== 'string') continue;
      if (text.split('.').some((part) => INSIDES.test(part))) this.#tell('It reaches for the inside of an object.', at, text);
      else if (tokens[i]!.text === 'map' && j === i + 2 && !FILTERS.has(text)) this.#tell(`The filter "${text}" is not on the list of harmless ones.`, at, text);
    }
  }

  #isSubscript(before: Token | undefined): boolean {
    return before !== undefined && ((before.kind === 'name' && !KEYWORDS.has(before.text)) || before.kind === 'string' || before.text === ')' || before.text === ']');
  }

  /** In Jinja, `x['name']` reads an attribute too: only a text that stands there, or a number, may be between the brackets. */
  #subscript(tokens: Token[], i: number): void {
    let depth = 0;
    const end = tokens.findIndex(({ text, kind }, j) => j >= i && kind === 'operator' && (depth += text === '[' || text === '(' ? 1 : text === ']' || text === ')' ? -1 : 0) === 0);
    const inside = tokens.slice(i + 1, end < 0 ? undefined : end);
    if (inside.length === 1 && inside[0]!.kind === 'string') return;
    if (!this.#isNumber(inside.filter(({ text, kind }) => !(kind === 'operator' && text === ':')))) this.#tell('What stands between brackets is computed, so it could be any name.', tokens[i]!.at, joined(inside));
  }

  #tell(why: string, at: number, symbol: string): void {
    this.findings.push({ why, at, symbol });
  }
}

/** The names that a statement gives a meaning: of set and for, and the parameters of macro and call. */
function boundNames(tokens: Token[]): Token[] {
  const word = tokens[0]?.text;
  const until = (from: number, end: (token: Token) => boolean): Token[] => {
    const at = tokens.findIndex((token, i) => i >= from && end(token));
    return tokens.slice(from, at < 0 ? undefined : at);
  };
  const names = (from: Token[]): Token[] => from.filter(({ kind, text }, i) => kind === 'name' && !KEYWORDS.has(text) && from[i - 1]?.text !== '=' && from[i - 1]?.text !== '.' && from[i + 1]?.text !== '.');
  if (word === 'set') return names(until(1, ({ kind, text }) => kind === 'operator' && (text === '=' || text === '|')));
  if (word === 'for') return names(until(1, ({ text }) => text === 'in'));
  const parameters = word === 'macro' ? 3 : word === 'call' && tokens[1]?.text === '(' ? 2 : 0;
  return parameters === 0 ? [] : names(until(parameters, ({ kind, text }) => kind === 'operator' && text === ')'));
}

/** The tokens of each argument of a call, whose first token is at `from`. */
function callArguments(tokens: Token[], from: number): Token[][] {
  const found: Token[][] = [[]];
  for (let i = from, depth = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind === 'operator' && /^[)\]}]$/.test(text) && depth-- === 0) break;
    if (kind === 'operator' && /^[([{]$/.test(text)) depth += 1;
    if (kind === 'operator' && text === ',' && depth === 0) found.push([]);
    else found.at(-1)!.push(tokens[i]!);
  }
  return found.filter((argument) => argument.length > 0);
}

const joined = (tokens: Token[]): string => tokens.map(({ text }) => text).join('');

/** `a = 1, b = c` → [['a', 1], ['b', c]] */
function namedArguments(tokens: Token[]): [string, Token[]][] {
  const found: [string, Token[]][] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= tokens.length; i++) {
    const text = tokens[i]?.kind === 'operator' ? tokens[i]!.text : '';
    if (/^[([{]$/.test(text)) depth += 1;
    if (/^[)\]}]$/.test(text)) depth -= 1;
    if (i < tokens.length && !(text === ',' && depth === 0)) continue;
    if (tokens[from + 1]?.text === '=') found.push([tokens[from]!.text, tokens.slice(from + 2, i)]);
    from = i + 1;
  }
  return found;
}
