import type { Piece, Token } from './lexer.ts';
import {
  boundNames,
  callArguments,
  closing,
  joined,
  namedArguments,
  pathAt,
  startOfPath,
} from './tokens.ts';
import { KEYWORDS } from './vocabulary.ts';

/** a number that is only known by so many others is not taken for one */
const PASSES_MAX = 32;

const NO_NUMBER: Token = { kind: 'string', text: '', at: 0 };

/**
 * What the statements of a template tell of its names: which only ever hold numbers, which dicts of
 * its own or keys of something.
 */
export class Names {
  /** names, and attributes of namespaces, that only ever hold numbers */
  readonly #numeric = new Set<string>([
    'loop.index',
    'loop.index0',
    'loop.revindex',
    'loop.revindex0',
    'loop.length',
    'loop.depth',
    'loop.depth0',
  ]);
  /** names that stand for a dict that is written out, and nothing else */
  readonly #dicts = new Set<string>();
  /** name → what all loops go over that give it a meaning; null: something else does */
  readonly #keysOf = new Map<string, string | null>();

  constructor(pieces: Piece[]) {
    this.#learnNumbers(pieces);
    this.#learnKeys(pieces);
  }

  isNumber(tokens: Token[]): boolean {
    for (let i = 0; i < tokens.length; i++) {
      const last = this.#lastOfNumber(tokens, i);
      if (last === null) return false;
      i = last;
    }
    return true;
  }

  /** The last token of the number, or part of one, that begins here; null: it may be no number. */
  #lastOfNumber(tokens: Token[], i: number): number | null {
    const { kind, text } = tokens[i]!;
    if (kind === 'string' && isFilter(tokens, i + 1, /^(length|count)$/)) return i + 2;
    if (kind === 'string' || text === '~' || text === '[' || text === '{') return null;
    return kind !== 'name' || KEYWORDS.has(text) ? i : this.#lastOfName(tokens, i);
  }

  #lastOfName(tokens: Token[], i: number): number | null {
    const { text } = tokens[i]!;
    const isDotted = tokens[i + 1]?.text === '.';
    const last = isDotted ? i + 2 : i;
    if (this.#numeric.has(isDotted ? `${text}.${tokens[last]?.text ?? ''}` : text)) return last;
    // whatever it is, its length is a number
    const filter = tokens.findIndex(
      (_token, j) => j > i && isFilter(tokens, j, /^(length|count|int)$/),
    );
    return filter === last + 1 ? last + 2 : null;
  }

  /**
   * `names[x.type]`, where `names` is a dict of the template's own, or `x[key]` in a loop over `x`:
   * what comes out is written or tested on the spot, so that even a name that is none of its keys
   * leads no further.
   */
  looksUp(tokens: Token[], open: number, end: number, key: Token[]): boolean {
    const from = startOfPath(tokens, open - 1);
    const base = joined(tokens.slice(from, open));
    const known =
      this.#dicts.has(base) || (key.length === 1 && this.#keysOf.get(key[0]!.text) === base);
    return (
      isPath(key) &&
      known &&
      !/^(set|for|call|macro|filter)$/.test(tokens[0]!.text) &&
      !leadsOn(tokens, end) &&
      !isGivenOn(tokens, from)
    );
  }

  /** A name counts as a number when every value that it is given is one. */
  #learnNumbers(pieces: Piece[]): void {
    const given = new Map<string, Token[][]>();
    for (const { tokens } of pieces) {
      for (const [name, value] of givenBy(tokens)) {
        const values = given.get(name);
        if (values === undefined) given.set(name, [value]);
        else values.push(value);
      }
    }
    // only a namespace has attributes that are set, so what counts itself up began as what was set;
    // a name may begin as anything
    const known = [...this.#numeric];
    const counting = new Set([...given.keys()].filter((name) => name.includes('.')));
    for (let passes = 0; passes < PASSES_MAX; passes++) {
      this.#numeric.clear();
      for (const name of [...known, ...counting]) this.#numeric.add(name);
      this.#spread(given);
      const wrong = [...counting].filter(
        (name) => !given.get(name)!.every((value) => this.isNumber(value)),
      );
      if (wrong.length === 0) return;
      for (const name of wrong) counting.delete(name);
    }
    this.#numeric.clear();
  }

  /** Adds names that are given nothing but known numbers, until no other name is. */
  #spread(given: ReadonlyMap<string, Token[][]>): void {
    for (let changed = true, passes = 0; changed && passes < PASSES_MAX; passes++) {
      changed = false;
      for (const [name, values] of given) {
        if (this.#numeric.has(name) || !values.every((value) => this.isNumber(value))) continue;
        this.#numeric.add(name);
        changed = true;
      }
    }
  }

  /**
   * Which names are dicts of the template's own, and which are the keys that a loop takes from
   * something.
   */
  #learnKeys(pieces: Piece[]): void {
    const others = new Set<string>();
    for (const { kind, tokens } of pieces) {
      if (kind !== 'statement') continue;
      for (const { text } of boundNames(tokens)) {
        const over = loopedOver(tokens, text);
        this.#keysOf.set(
          text,
          this.#keysOf.has(text) && this.#keysOf.get(text) !== over ? null : over,
        );
        if (setsDict(tokens, text) && !others.has(text)) this.#dicts.add(text);
        else others.add(text);
      }
    }
    for (const name of others) this.#dicts.delete(name);
  }
}

const isFilter = (tokens: Token[], at: number, names: RegExp): boolean =>
  tokens[at]?.text === '|' && names.test(tokens[at + 1]?.text ?? '');

/** `a.b.c` */
const isPath = (tokens: Token[]): boolean =>
  tokens.length % 2 === 1 &&
  tokens.every(({ kind, text }, i) =>
    i % 2 === 0 ? kind === 'name' && !KEYWORDS.has(text) : text === '.',
  );

/** Is what ends at this token read further, or called? */
const leadsOn = (tokens: Token[], end: number): boolean =>
  /^[.[(]$/.test(tokens[end + 1]?.text ?? '');

/** Is what begins at this token given to a macro or put into something, where it could go on? */
function isGivenOn(tokens: Token[], from: number): boolean {
  for (let j = from - 1, depth = 0; j >= 0; j--) {
    const { kind, text } = tokens[j]!;
    if (kind !== 'operator') continue;
    if (/^[)\]}]$/.test(text)) depth += 1;
    else if (/^[([{]$/.test(text) && depth-- === 0) {
      depth = 0;
      if (text !== '(' || leadsOn(tokens, closing(tokens, j)) || isCallee(tokens[j - 1]))
        return true;
    }
  }
  return false;
}

/** Does a bracket behind this token call it? */
function isCallee(before: Token | undefined): boolean {
  if (before === undefined) return false;
  return before.kind === 'name'
    ? !KEYWORDS.has(before.text)
    : before.text === ')' || before.text === ']';
}

type GivenValue = readonly [name: string, value: Token[]];

/** What a tag gives to names; of a pair, a block or a call nobody knows what comes. */
function givenBy(tokens: Token[]): GivenValue[] {
  const equals = tokens.findIndex(({ text, kind }) => kind === 'operator' && text === '=');
  const targets = boundNames(tokens);
  const isKnown = targets.length === 1 && (equals >= 0 || tokens[0]!.text === 'for');
  return [
    ...(isKnown ? [] : targets).map(({ text }): GivenValue => [text, [NO_NUMBER]]),
    ...givenBySet(tokens, equals),
    ...givenByLoop(tokens),
    ...givenByNamespace(tokens, equals),
  ];
}

function givenBySet(tokens: Token[], equals: number): GivenValue[] {
  if (tokens[0]?.text !== 'set') return [];
  const parts = callArguments(tokens.slice(0, equals < 0 ? undefined : equals), 1).map(
    withoutFilters,
  );
  const isTuple = parts[0]?.[0]?.text === '(';
  const value = parts.length === 1 && equals > 0 ? tokens.slice(equals + 1) : [NO_NUMBER];
  return [
    ...(isTuple ? tokens : []).map(({ text }, i): GivenValue => [
      tokens[i + 1]?.text === '.' ? `${text}.${tokens[i + 2]?.text}` : text,
      [NO_NUMBER],
    ]),
    ...parts.map((part): GivenValue => [joined(part).replace(/[()]/g, ''), value]),
  ];
}

function withoutFilters(part: Token[]): Token[] {
  const filter = part.findIndex(({ text }) => text === '|');
  return filter > 0 ? part.slice(0, filter) : part;
}

const givenByLoop = (tokens: Token[]): GivenValue[] =>
  tokens[0]?.text === 'for' && tokens[2]?.text === 'in'
    ? [[tokens[1]!.text, tokens[3]?.text === 'range' ? [] : [NO_NUMBER]]]
    : [];

const givenByNamespace = (tokens: Token[], equals: number): GivenValue[] =>
  tokens[0]?.text === 'set' && tokens[equals + 1]?.text === 'namespace'
    ? namedArguments(tokens.slice(equals + 3, -1)).map(([name, value]) => [
        `${tokens[1]!.text}.${name}`,
        value,
      ])
    : [];

/** What the loop goes over that gives this name a meaning; null where something else does. */
const loopedOver = (tokens: Token[], name: string): string | null =>
  tokens[0]!.text === 'for' && tokens[1]?.text === name && tokens[2]?.text === 'in'
    ? pathAt(tokens, 3)
    : null;

/** `set name = {…}` */
function setsDict([word, target, sign, open, ...rest]: Token[], name: string): boolean {
  if (word!.text !== 'set' || target?.text !== name || sign?.text !== '=') return false;
  return (
    open?.text === '{' && open.kind === 'operator' && closing([open, ...rest], 0) === rest.length
  );
}
