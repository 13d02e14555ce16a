import { checkCost } from './cost.ts';
import { Endless } from './endless.ts';
import { choosesAttribute, isLiteral, isUnpacked } from './filter-arguments.ts';
import { readTemplate, TemplateFault, type Piece, type Token } from './lexer.ts';
import { Names } from './names.ts';
import { boundNames, callArguments, joined } from './tokens.ts';
import {
  FILTERS,
  FUNCTIONS,
  INSIDES,
  KEYWORDS,
  METHODS,
  READING_FILTERS,
  STATEMENTS,
  TESTS,
} from './vocabulary.ts';

/** What speaks against a template, and where. */
export interface TemplateFinding {
  why: string;
  /** characters from its start */
  at: number;
  symbol: string;
  /** it would run without end, or fill the memory, rather than reach for something */
  endless?: boolean;
}

const LENGTH_MAX = 1024 * 1024;
const FINDINGS_MAX = 20;

/** Reads a chat template without running it. An empty answer: it only shapes text. */
export function judgeTemplate(text: string): TemplateFinding[] {
  if (text.length > LENGTH_MAX)
    return [{ why: `A chat template has at most ${LENGTH_MAX} characters.`, at: 0, symbol: '' }];
  try {
    const pieces = readTemplate(text);
    const { findings } = new Judge(pieces);
    // what is refused anyhow need not be read as a program
    if (findings.length === 0) checkCost(pieces, text.length);
    return findings.slice(0, FINDINGS_MAX);
  } catch (error) {
    if (error instanceof Endless)
      return [
        {
          why: error.message,
          at: error.at,
          symbol: text.slice(error.at, error.at + 40),
          endless: true,
        },
      ];
    if (error instanceof TemplateFault)
      return [{ why: `The template cannot be read: ${error.message}`, at: error.at, symbol: '' }];
    throw error;
  }
}

class Judge {
  readonly findings: TemplateFinding[] = [];
  readonly #macros: ReadonlySet<string>;
  readonly #called: ReadonlySet<string>;
  readonly #names: Names;

  constructor(pieces: Piece[]) {
    this.#macros = macrosOf(pieces);
    this.#called = calledIn(pieces);
    this.#names = new Names(pieces);
    for (const piece of pieces) this.#piece(piece);
  }

  #piece({ kind, tokens, at }: Piece): void {
    if (kind === 'statement') return this.#statement(tokens, at);
    for (let i = 0; i < tokens.length; i++) this.#token(tokens, i, '');
  }

  #statement(tokens: Token[], at: number): void {
    const word = tokens[0]?.text ?? '';
    if (!STATEMENTS.has(word))
      return this.#tell(`The statement "${word}" is not one that chat templates need.`, at, word);
    for (const { text, at: place } of boundNames(tokens)) {
      if (this.#isTaken(text))
        this.#tell(
          `"${text}" is given another meaning, and what is called by that name is not known.`,
          place,
          text,
        );
    }
    if (word === 'macro' && FUNCTIONS.has(tokens[1]?.text ?? ''))
      this.#tell(`"${tokens[1]!.text}" is given another meaning.`, at, tokens[1]!.text);
    for (let i = 1; i < tokens.length; i++) this.#token(tokens, i, word);
  }

  /** Does a name have a meaning that must stay? */
  #isTaken(name: string): boolean {
    return (
      (FUNCTIONS.has(name) && this.#called.has(name)) ||
      name === 'caller' ||
      name === 'loop' ||
      this.#macros.has(name)
    );
  }

  #token(tokens: Token[], i: number, statement: string): void {
    const token = tokens[i]!;
    if (token.kind === 'string') this.#string(token, tokens[i - 1]);
    else if (token.kind === 'name') this.#name(tokens, i, statement);
    else this.#operator(tokens, i);
    if (token.text === '%' && tokens[i - 1]?.kind === 'string' && tokens[i + 1] !== undefined)
      this.#tell('A text is put together by a pattern, which can spell any name.', token.at, '%');
  }

  #operator(tokens: Token[], i: number): void {
    const { text, at } = tokens[i]!;
    const before = tokens[i - 1];
    if (text === '[' && this.#isSubscript(before)) this.#subscript(tokens, i);
    else if (text === '(' && (before?.text === ')' || before?.text === ']'))
      this.#tell('It calls something that it computed.', at, '(');
  }

  #string({ text, at }: Token, before: Token | undefined): void {
    if (/__/.test(text))
      this.#tell('A text holds "__", with which Python names its insides.', at, text);
    else if (before?.text === '[' && INSIDES.test(text))
      this.#tell('It reaches for the inside of an object.', at, text);
  }

  #name(tokens: Token[], i: number, statement: string): void {
    const { text, at } = tokens[i]!;
    const before = tokens[i - 1]?.text;
    if (/__|[^\w]/.test(text))
      return this.#tell(
        'It names the inside of an object, or is written in letters that Python changes.',
        at,
        text,
      );
    if (before === '.') return this.#attribute(tokens, i);
    if (before === '|' || (i === 1 && statement === 'filter')) return this.#filter(tokens, i);
    if (isTested(tokens, i)) return this.#test(tokens[i]!);
    const isDefined = statement === 'macro' && i === 1;
    if (!isDefined) this.#plainName(tokens, i);
  }

  #plainName(tokens: Token[], i: number): void {
    const { text, at } = tokens[i]!;
    if (tokens[i + 1]?.text === '(' && !this.#mayBeCalled(text))
      this.#tell(`"${text}" is called, and is not a function that chat templates have.`, at, text);
  }

  #test({ text, at }: Token): void {
    if (text !== 'not' && !TESTS.has(text))
      this.#tell(`The test "${text}" is not on the list of harmless ones.`, at, text);
  }

  #mayBeCalled(name: string): boolean {
    return KEYWORDS.has(name) || FUNCTIONS.has(name) || this.#macros.has(name) || name === 'caller';
  }

  #attribute(tokens: Token[], i: number): void {
    const { text, at } = tokens[i]!;
    if (INSIDES.test(text)) return this.#tell('It reaches for the inside of an object.', at, text);
    if (tokens[i + 1]?.text !== '(' || METHODS.has(text)) return;
    if (text === 'format' && fillsInOnly(tokens[i - 2], tokens[i - 3])) return;
    this.#tell(`The method "${text}" is not on the list of harmless ones.`, at, text);
  }

  #filter(tokens: Token[], i: number): void {
    const { text, at } = tokens[i]!;
    if (!FILTERS.has(text))
      this.#tell(`The filter "${text}" is not on the list of harmless ones.`, at, text);
    else if (READING_FILTERS.has(text) && tokens[i + 1]?.text === '(') {
      this.#attributesRead(tokens, i);
      this.#namesSpelled(tokens, i);
    }
  }

  /** `map(attribute='x')`, `selectattr('x.y')`, `map('upper')`: names given as texts. */
  #attributesRead(tokens: Token[], i: number): void {
    const { text: filter, at } = tokens[i]!;
    for (const [n, argument] of callArguments(tokens, i + 2).entries()) {
      const [name] = argument;
      if (isUnpacked(argument) || (choosesAttribute(filter, argument, n) && !isLiteral(argument)))
        this.#tell(
          'Which attribute or filter it uses is computed, so it could be any.',
          at,
          filter,
        );
      if (filter === 'map' && n === 0 && name?.kind === 'string' && READING_FILTERS.has(name.text))
        this.#tell(
          'A filter is given to a filter, with names that nobody looked at.',
          at,
          name.text,
        );
    }
  }

  /** The texts among the arguments of a filter that takes names. */
  #namesSpelled(tokens: Token[], i: number): void {
    for (let j = i + 2, depth = 1; j < tokens.length && depth > 0; j++) {
      const { kind, text, at } = tokens[j]!;
      if (text === '(' && kind === 'operator') depth += 1;
      if (text === ')' && kind === 'operator') depth -= 1;
      if (kind !== 'string') continue;
      if (text.split('.').some((part) => INSIDES.test(part)))
        this.#tell('It reaches for the inside of an object.', at, text);
      else if (tokens[i]!.text === 'map' && j === i + 2 && !FILTERS.has(text))
        this.#tell(`The filter "${text}" is not on the list of harmless ones.`, at, text);
    }
  }

  #isSubscript(before: Token | undefined): boolean {
    return (
      before !== undefined &&
      ((before.kind === 'name' && !KEYWORDS.has(before.text)) ||
        before.kind === 'string' ||
        before.text === ')' ||
        before.text === ']')
    );
  }

  /**
   * In Jinja, `x['name']` reads an attribute too: only a text that stands there, or a number, may
   * be between the brackets.
   */
  #subscript(tokens: Token[], i: number): void {
    let depth = 0;
    const end = tokens.findIndex(
      ({ text, kind }, j) =>
        j >= i &&
        kind === 'operator' &&
        (depth += text === '[' || text === '(' ? 1 : text === ']' || text === ')' ? -1 : 0) === 0,
    );
    const inside = tokens.slice(i + 1, end < 0 ? undefined : end);
    if (inside.length === 1 && inside[0]!.kind === 'string') return;
    if (end > 0 && this.#names.looksUp(tokens, i, end, inside)) return;
    if (
      !this.#names.isNumber(
        inside.filter(({ text, kind }) => !(kind === 'operator' && text === ':')),
      )
    )
      this.#tell(
        'What stands between brackets is computed, so it could be any name.',
        tokens[i]!.at,
        joined(inside),
      );
  }

  #tell(why: string, at: number, symbol: string): void {
    this.findings.push({ why, at, symbol });
  }
}

/** `'a {} b'.format(x)`: reads no attribute of what it fills in, and has no width. */
const fillsInOnly = (text: Token | undefined, before: Token | undefined): boolean =>
  text?.kind === 'string' &&
  before?.kind !== 'string' &&
  /^([^{}]|\{\{|\}\}|\{\w*\})*$/.test(text.text);

function macrosOf(pieces: Piece[]): Set<string> {
  const macros = new Set<string>();
  for (const { kind, tokens } of pieces)
    if (kind === 'statement' && tokens[0]?.text === 'macro' && tokens[1] !== undefined)
      macros.add(tokens[1].text);
  return macros;
}

/** Names that are called somewhere, other than as methods. */
function calledIn(pieces: Piece[]): Set<string> {
  const called = new Set<string>();
  for (const { tokens } of pieces)
    for (const [i, { kind, text }] of tokens.entries())
      if (kind === 'name' && tokens[i + 1]?.text === '(' && tokens[i - 1]?.text !== '.')
        called.add(text);
  return called;
}

/** `is x`, `is not x` */
const isTested = (tokens: Token[], i: number): boolean =>
  tokens[i - 1]?.text === 'is' || (tokens[i - 1]?.text === 'not' && tokens[i - 2]?.text === 'is');
