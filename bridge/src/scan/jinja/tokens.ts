import type { Token } from './lexer.ts';
import { KEYWORDS } from './vocabulary.ts';

/**
 * The names that a statement gives a meaning: of set and for, and the parameters of macro and call.
 */
export function boundNames(tokens: Token[]): Token[] {
  const word = tokens[0]?.text;
  const until = (from: number, end: (token: Token) => boolean): Token[] => {
    const at = tokens.findIndex((token, i) => i >= from && end(token));
    return tokens.slice(from, at < 0 ? undefined : at);
  };
  const names = (from: Token[]): Token[] =>
    from.filter(
      ({ kind, text }, i) =>
        kind === 'name' &&
        !KEYWORDS.has(text) &&
        from[i - 1]?.text !== '=' &&
        from[i - 1]?.text !== '.' &&
        from[i + 1]?.text !== '.',
    );
  if (word === 'set')
    return names(
      until(1, ({ kind, text }) => kind === 'operator' && (text === '=' || text === '|')),
    );
  if (word === 'for') return names(until(1, ({ text }) => text === 'in'));
  const parameters = word === 'macro' ? 3 : word === 'call' && tokens[1]?.text === '(' ? 2 : 0;
  return parameters === 0
    ? []
    : names(until(parameters, ({ kind, text }) => kind === 'operator' && text === ')'));
}

/** The tokens of each argument of a call, whose first token is at `from`. */
export function callArguments(tokens: Token[], from: number): Token[][] {
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

export const joined = (tokens: Token[]): string => tokens.map(({ text }) => text).join('');

/** Where the bracket at this token closes. */
export function closing(tokens: Token[], open: number): number {
  let depth = 0;
  return tokens.findIndex(
    ({ kind, text }, i) =>
      i >= open &&
      kind === 'operator' &&
      (depth += /^[([{]$/.test(text) ? 1 : /^[)\]}]$/.test(text) ? -1 : 0) === 0,
  );
}

/** Where `a.b.c` begins that ends at this token. */
export function startOfPath(tokens: Token[], end: number): number {
  let from = end;
  while (
    tokens[from]?.kind === 'name' &&
    tokens[from - 1]?.text === '.' &&
    tokens[from - 2]?.kind === 'name'
  )
    from -= 2;
  return tokens[from - 1]?.text === '.' || tokens[from]?.kind !== 'name' ? end + 1 : from;
}

/** `a.b` of `a.b|list if …`: what a loop goes over. */
export function pathAt(tokens: Token[], from: number): string | null {
  let to = from;
  while (isName(tokens, to) && readsAttribute(tokens, to + 1)) to += 2;
  if (!isName(tokens, to)) return null;
  let rest = joined(tokens.slice(to + 1));
  rest = rest.replace(/^\.keys\(\)/, '').replace(/^\|(list|sort)/, '');
  return rest === '' || /^(if|recursive)/.test(rest) ? joined(tokens.slice(from, to + 1)) : null;
}

const isName = (tokens: Token[], at: number): boolean => tokens[at]?.kind === 'name';

/** `.b`, and not `.b(`. */
const readsAttribute = (tokens: Token[], at: number): boolean =>
  tokens[at]?.text === '.' && isName(tokens, at + 1) && tokens[at + 2]?.text !== '(';

/** `a = 1, b = c` → [['a', 1], ['b', c]] */
export function namedArguments(tokens: Token[]): [string, Token[]][] {
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
