/** A token of the code between `{{ }}` or `{% %}`. */
export interface Token {
  kind: 'name' | 'string' | 'number' | 'operator';
  /** of a string: its value */
  text: string;
  /** characters from the start of the template */
  at: number;
}
/** What stands between a pair of marks. */
export interface Piece {
  kind: 'expression' | 'statement';
  tokens: Token[];
  at: number;
  /** the place behind it */
  end: number;
}

/** Where and why a template cannot be read. */
export class TemplateFault extends Error {
  readonly at: number;

  constructor(why: string, at: number) {
    super(why);
    this.at = at;
  }
}

/** of one tag; judging it takes the square of that */
const TOKENS_MAX = 4000;
const OPEN = /\{\{|\{%|\{#/g;
const OPERATORS = /^(\*\*|\/\/|==|!=|<=|>=|[-+*/%~|.,:()[\]{}<>=])/;
const NUMBER =
  /^(0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(\.\d[\d_]*)?([eE][-+]?\d[\d_]*)?)/;
const WORD = /^[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*/;
/** Tokens by their beginnings, in the order in which they are tried; characters at most. */
const FORMS = [
  { kind: 'name', form: WORD, longest: 256 },
  { kind: 'number', form: NUMBER, longest: 64 },
  { kind: 'operator', form: OPERATORS, longest: 2 },
] as const;
const BRACES: Record<string, number> = { '{': 1, '}': -1 };
const RAW = /^\{%[-+]?\s*raw\s*[-+]?%\}/;
const END_RAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;

/**
 * Takes a Jinja template apart as Jinja's own lexer does with its default marks:
 * https://jinja.palletsprojects.com/en/stable/templates/
 */
export function readTemplate(text: string): Piece[] {
  const pieces: Piece[] = [];
  OPEN.lastIndex = 0;
  for (let match = OPEN.exec(text); match !== null; match = OPEN.exec(text)) {
    const at = match.index;
    if (match[0] === '{#') {
      const end = text.indexOf('#}', at + 2);
      if (end < 0) throw new TemplateFault('A comment does not end.', at);
      OPEN.lastIndex = end + 2;
      continue;
    }
    const raw = RAW.exec(text.slice(at, at + 64));
    if (raw !== null) {
      END_RAW.lastIndex = at + raw[0].length;
      const end = END_RAW.exec(text);
      if (end === null) throw new TemplateFault('A raw block does not end.', at);
      OPEN.lastIndex = END_RAW.lastIndex;
      continue;
    }
    const kind = match[0] === '{{' ? 'expression' : 'statement';
    const { tokens, end } = readCode(text, at + 2, kind === 'expression' ? '}}' : '%}');
    pieces.push({ kind, tokens, at, end });
    OPEN.lastIndex = end;
  }
  return pieces;
}

function readCode(text: string, from: number, close: string): { tokens: Token[]; end: number } {
  const tokens: Token[] = [];
  let depth = 0;
  let i = behindSign(text, from);
  for (;;) {
    if (tokens.length > TOKENS_MAX)
      throw new TemplateFault(`A tag has more than ${TOKENS_MAX} words.`, from);
    while (/\s/.test(text[i] ?? '')) i += 1;
    if (i >= text.length) throw new TemplateFault('A tag does not end.', from);
    const mark = behindMark(text, i, close);
    // a dict's own braces may stand before the mark
    if (mark !== null && (depth === 0 || close === '%}')) return { tokens, end: mark };
    const { token, end } = tokenAt(text, i);
    tokens.push(token);
    if (token.kind === 'operator') depth += BRACES[token.text] ?? 0;
    i = end;
  }
}

/** The sign of a mark that trims blanks is no part of a number. */
function behindSign(text: string, from: number): number {
  return /[-+]/.test(text[from] ?? '') && !/[\d]/.test(text[from + 1] ?? '') ? from + 1 : from;
}

/** The place behind the mark that ends a tag, if it stands here. */
function behindMark(text: string, at: number, close: string): number | null {
  const trimmed = /[-+]/.test(text[at]!) && text.startsWith(close, at + 1) ? at + 1 : at;
  return text.startsWith(close, trimmed) ? trimmed + close.length : null;
}

function tokenAt(text: string, at: number): { token: Token; end: number } {
  const c = text[at]!;
  if (c === '"' || c === "'") {
    const end = endOfString(text, at);
    return {
      token: { kind: 'string', text: unescape(text.slice(at + 1, end)), at },
      end: end + 1,
    };
  }
  for (const { kind, form, longest } of FORMS) {
    const found = form.exec(text.slice(at, at + longest))?.[0];
    if (found !== undefined) return { token: { kind, text: found, at }, end: at + found.length };
  }
  throw new TemplateFault(`${JSON.stringify(c)} has no meaning in a tag.`, at);
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === text[start]) return i;
  }
  throw new TemplateFault('A text in quotes does not end.', start);
}

/** Python's escapes: a name hidden behind them is still that name. */
function unescape(text: string): string {
  return text.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[0-7]{1,3}|[\s\S])/g,
    (whole, code: string) => {
      if (/^[xuU][0-9a-fA-F]/.test(code)) {
        const point = parseInt(code.slice(1), 16);
        return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
      }
      if (code.startsWith('N{')) return '_'; // whatever it stands for, it could be this
      return /^[0-7]/.test(code)
        ? String.fromCharCode(parseInt(code, 8))
        : ({ n: '\n', t: '\t', r: '\r' }[code] ?? code);
    },
  );
}
