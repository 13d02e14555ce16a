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
      const { kind, text } = tokens[i]!;
      if (
        kind === 'string' &&
        tokens[i + 1]?.text === '|' &&
        /^(length|count)$/.test(tokens[i + 2]?.text ?? '')
      ) {
        i += 2;
        continue;
      }
      if (kind === 'string' || text === '~' || text === '[' || text === '{') return false;
      if (kind !== 'name' || KEYWORDS.has(text)) continue;
      const dotted = tokens[i + 1]?.text === '.' ? `${text}.${tokens[i + 2]?.text ?? ''}` : text;
      if (this.#numeric.has(dotted)) i += dotted === text ? 0 : 2;
      // whatever it is, its length is a number
      else if (
        tokens
          .slice(i + 1)
          .findIndex(
            (token, j, rest) =>
              token.text === '|' && /^(length|count|int)$/.test(rest[j + 1]?.text ?? ''),
          ) === (dotted === text ? 0 : 2)
      )
        i += dotted === text ? 2 : 4;
      else return false;
    }
    return true;
  }

  /**
   * `names[x.type]`, where `names` is a dict of the template's own, or `x[key]` in a loop over `x`:
   * what comes out is written or tested on the spot, so that even a name that is none of its keys
   * leads no further.
   */
  looksUp(tokens: Token[], open: number, end: number, key: Token[]): boolean {
    const from = startOfPath(tokens, open - 1);
    const base = joined(tokens.slice(from, open));
    const plain =
      key.every(({ kind, text }, i) =>
        i % 2 === 0 ? kind === 'name' && !KEYWORDS.has(text) : text === '.',
      ) && key.length % 2 === 1;
    const known =
      this.#dicts.has(base) || (key.length === 1 && this.#keysOf.get(key[0]!.text) === base);
    if (
      !plain ||
      !known ||
      /^(set|for|call|macro|filter)$/.test(tokens[0]!.text) ||
      /^[.[(]$/.test(tokens[end + 1]?.text ?? '')
    )
      return false;
    // nor is it given to a macro, where the way could go on
    for (let j = from - 1, depth = 0; j >= 0; j--) {
      const { kind, text } = tokens[j]!;
      if (kind !== 'operator') continue;
      if (/^[)\]}]$/.test(text)) depth += 1;
      else if (/^[([{]$/.test(text) && depth-- === 0) {
        depth = 0;
        const before = tokens[j - 1];
        if (/^[.[(]$/.test(tokens[closing(tokens, j) + 1]?.text ?? '')) return false;
        if (
          text !== '(' ||
          (before !== undefined &&
            (before.kind === 'name'
              ? !KEYWORDS.has(before.text)
              : before.text === ')' || before.text === ']'))
        )
          return false;
      }
    }
    return true;
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
      if (targets.length !== 1 || equals < 0)
        for (const { text } of targets)
          if (!(tokens[0]!.text === 'for' && targets.length === 1)) give(text, [NO_NUMBER]);
      if (tokens[0]?.text === 'set') {
        const parts = callArguments(tokens.slice(0, equals < 0 ? undefined : equals), 1).map(
          (part) =>
            part.slice(
              0,
              Math.max(
                0,
                part.findIndex(({ text }) => text === '|'),
              ) || undefined,
            ),
        );
        for (const [i, { text }] of parts[0]?.[0]?.text === '(' ? tokens.entries() : [])
          give(tokens[i + 1]?.text === '.' ? `${text}.${tokens[i + 2]?.text}` : text, [NO_NUMBER]);
        for (const part of parts)
          give(
            joined(part).replace(/[()]/g, ''),
            parts.length === 1 && equals > 0 ? tokens.slice(equals + 1) : [NO_NUMBER],
          );
      }
      if (tokens[0]?.text === 'for' && tokens[2]?.text === 'in')
        give(tokens[1]!.text, tokens[3]?.text === 'range' ? [] : [NO_NUMBER]);
      if (tokens[0]?.text === 'set' && tokens[equals + 1]?.text === 'namespace') {
        for (const [name, value] of namedArguments(tokens.slice(equals + 3, -1)))
          give(`${tokens[1]!.text}.${name}`, value);
      }
    }
    // only a namespace has attributes that are set, so what counts itself up began as what was set;
    // a name may begin as anything
    const known = [...this.#numeric];
    const counting = new Set([...given.keys()].filter((name) => name.includes('.')));
    for (let wrong = [...counting], passes = 0; passes < PASSES_MAX; passes++) {
      this.#numeric.clear();
      for (const name of [...known, ...counting]) this.#numeric.add(name);
      for (let changed = true, inner = 0; changed && inner < PASSES_MAX; inner++) {
        changed = false;
        for (const [name, values] of given) {
          if (this.#numeric.has(name) || !values.every((value) => this.isNumber(value))) continue;
          this.#numeric.add(name);
          changed = true;
        }
      }
      wrong = [...counting].filter(
        (name) => !given.get(name)!.every((value) => this.isNumber(value)),
      );
      if (wrong.length === 0) return;
      for (const name of wrong) counting.delete(name);
    }
    this.#numeric.clear();
  }

  /**
   * Which names are dicts of the template's own, and which are the keys that a loop takes from
   * something.
   */
  #learnKeys(pieces: Piece[]): void {
    const others = new Set<string>();
    for (const { kind, tokens } of pieces) {
      if (kind !== 'statement') continue;
      const [word, target, sign, open] = tokens;
      for (const { text } of boundNames(tokens)) {
        const over =
          word!.text === 'for' && target?.text === text && sign?.text === 'in'
            ? pathAt(tokens, 3)
            : null;
        this.#keysOf.set(
          text,
          this.#keysOf.has(text) && this.#keysOf.get(text) !== over ? null : over,
        );
        const dict =
          word!.text === 'set' &&
          target?.text === text &&
          sign?.text === '=' &&
          open?.text === '{' &&
          open.kind === 'operator' &&
          closing(tokens, 3) === tokens.length - 1;
        if (dict && !others.has(text)) this.#dicts.add(text);
        else others.add(text);
      }
    }
    for (const name of others) this.#dicts.delete(name);
  }
}
