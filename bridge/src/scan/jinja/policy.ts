import { checkCost } from './cost.ts';
import { Endless } from './endless.ts';
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
  readonly #macros = new Set<string>();
  readonly #called = new Set<string>();
  readonly #names: Names;

  constructor(pieces: Piece[]) {
    for (const { kind, tokens } of pieces)
      if (kind === 'statement' && tokens[0]?.text === 'macro' && tokens[1] !== undefined)
        this.#macros.add(tokens[1].text);
    for (const { tokens } of pieces)
      for (const [i, { kind, text }] of tokens.entries())
        if (kind === 'name' && tokens[i + 1]?.text === '(' && tokens[i - 1]?.text !== '.')
          this.#called.add(text);
    this.#names = new Names(pieces);
    for (const piece of pieces) this.#piece(piece);
  }

  #piece({ kind, tokens, at }: Piece): void {
    const [first] = tokens;
    if (kind === 'statement' && (first === undefined || !STATEMENTS.has(first.text))) {
      this.#tell(
        `The statement "${first?.text ?? ''}" is not one that chat templates need.`,
        at,
        first?.text ?? '',
      );
      return;
    }
    for (const { text, at: place } of kind === 'statement' ? boundNames(tokens) : []) {
      if (
        (FUNCTIONS.has(text) && this.#called.has(text)) ||
        text === 'caller' ||
        text === 'loop' ||
        this.#macros.has(text)
      )
        this.#tell(
          `"${text}" is given another meaning, and what is called by that name is not known.`,
          place,
          text,
        );
    }
    if (kind === 'statement' && first!.text === 'macro' && FUNCTIONS.has(tokens[1]?.text ?? ''))
      this.#tell(`"${tokens[1]!.text}" is given another meaning.`, at, tokens[1]!.text);
    for (let i = kind === 'statement' ? 1 : 0; i < tokens.length; i++)
      this.#token(tokens, i, kind === 'statement' ? first!.text : '');
  }

  #token(tokens: Token[], i: number, statement: string): void {
    const token = tokens[i]!;
    const [before, after] = [tokens[i - 1], tokens[i + 1]];
    if (token.kind === 'string') {
      if (/__/.test(token.text))
        this.#tell('A text holds "__", with which Python names its insides.', token.at, token.text);
      else if (before?.text === '[' && INSIDES.test(token.text))
        this.#tell('It reaches for the inside of an object.', token.at, token.text);
    } else if (token.kind === 'name') this.#name(tokens, i, statement);
    else if (token.text === '[' && this.#isSubscript(before)) this.#subscript(tokens, i);
    else if (
      token.text === '(' &&
      before !== undefined &&
      (before.text === ')' || before.text === ']')
    )
      this.#tell('It calls something that it computed.', token.at, '(');
    if (token.text === '%' && before?.kind === 'string' && after !== undefined)
      this.#tell('A text is put together by a pattern, which can spell any name.', token.at, '%');
  }

  #name(tokens: Token[], i: number, statement: string): void {
    const { text, at } = tokens[i]!;
    const [before, after] = [tokens[i - 1]?.text, tokens[i + 1]?.text];
    if (/__/.test(text) || /[^\w]/.test(text))
      return this.#tell(
        'It names the inside of an object, or is written in letters that Python changes.',
        at,
        text,
      );
    if (before === '.') {
      if (INSIDES.test(text)) this.#tell('It reaches for the inside of an object.', at, text);
      else if (
        after === '(' &&
        !METHODS.has(text) &&
        !(text === 'format' && fillsInOnly(tokens[i - 2], tokens[i - 3]))
      )
        this.#tell(`The method "${text}" is not on the list of harmless ones.`, at, text);
    } else if (before === '|' || (i === 1 && statement === 'filter')) {
      if (!FILTERS.has(text))
        this.#tell(`The filter "${text}" is not on the list of harmless ones.`, at, text);
      else if (READING_FILTERS.has(text)) this.#attributesRead(tokens, i);
    } else if (before === 'is' || (before === 'not' && tokens[i - 2]?.text === 'is')) {
      if (text !== 'not' && !TESTS.has(text))
        this.#tell(`The test "${text}" is not on the list of harmless ones.`, at, text);
    } else if (
      after === '(' &&
      !KEYWORDS.has(text) &&
      !FUNCTIONS.has(text) &&
      !this.#macros.has(text) &&
      !(statement === 'macro' && i === 1) &&
      text !== 'caller'
    ) {
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
      const tells =
        named === 'attribute' ||
        (named === null && (n === 0 || /^(sort|unique|min|max)$/.test(filter.text)));
      const literal =
        named === null
          ? argument.length === 1 && (name!.kind !== 'name' || KEYWORDS.has(name!.text))
          : argument.length === 3 && value!.kind !== 'name';
      if (name?.text === '*' || name?.text === '**' || (tells && !literal))
        this.#tell(
          'Which attribute or filter it uses is computed, so it could be any.',
          filter.at,
          filter.text,
        );
      if (
        filter.text === 'map' &&
        n === 0 &&
        name?.kind === 'string' &&
        READING_FILTERS.has(name.text)
      )
        this.#tell(
          'A filter is given to a filter, with names that nobody looked at.',
          filter.at,
          name.text,
        );
    }
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
