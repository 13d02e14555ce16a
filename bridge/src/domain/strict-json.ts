import type { FieldError } from '../errors.ts';

const DEPTH_MAX = 64;
/** more than this many faults tell a person nothing more */
const FAULTS_MAX = 20;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const REMEDY_TEXT = 'Send well-formed Unicode without U+0000.';

export interface StrictJson {
  value: unknown;
  faults: FieldError[];
}
interface Frame {
  names: Set<string> | null;
  name: string | number;
}

/**
 * Parses JSON and names what would not arrive as it was sent: numbers that a double changes, text
 * that PostgreSQL or UTF-8 cannot hold, names that stand twice, nesting beyond 64 levels. Works
 * without recursion, so depth costs nothing.
 * @throws SyntaxError when it is no JSON
 */
export function parseStrictJson(text: string, depthMax = DEPTH_MAX): StrictJson {
  const value = JSON.parse(text) as unknown;
  return { value, faults: new Walk(text, depthMax).run() };
}

/** A walk over text that is known to be JSON. */
class Walk {
  readonly #faults: FieldError[] = [];
  readonly #open: Frame[] = [];
  readonly #text: string;
  readonly #depthMax: number;

  constructor(text: string, depthMax: number) {
    this.#text = text;
    this.#depthMax = depthMax;
  }

  run(): FieldError[] {
    for (let at = 0; at < this.#text.length && this.#faults.length < FAULTS_MAX;) {
      const next = this.#step(at);
      if (next === -1) break; // too deep: what is below is not looked at
      at = next;
    }
    return this.#faults;
  }

  #step(at: number): number {
    const char = this.#text[at]!;
    const frame = this.#open.at(-1);
    if (char === '{' || char === '[') return this.#enter(char === '{') ? at + 1 : -1;
    if (char === '}' || char === ']') this.#open.pop();
    else if (char === ',' && frame && frame.names === null) frame.name = Number(frame.name) + 1;
    else if (char === '"') return this.#string(at, frame);
    else if (/[-0-9]/.test(char)) return this.#number(at);
    return at + 1;
  }

  #enter(isObject: boolean): boolean {
    if (this.#open.length >= this.#depthMax) {
      this.#fault(`nested deeper than ${this.#depthMax} levels`, 'Send it flatter.');
      return false;
    }
    this.#open.push({ names: isObject ? new Set() : null, name: isObject ? '' : 0 });
    return true;
  }

  #string(at: number, frame: Frame | undefined): number {
    const end = endOfString(this.#text, at);
    const raw = this.#text.slice(at, end);
    const content = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    if (frame?.names && this.#isName(end)) this.#name(content, frame);
    const reason = textFault(content);
    if (reason !== null) this.#fault(reason, REMEDY_TEXT);
    return end;
  }

  #isName(end: number): boolean {
    let at = end;
    while (/\s/.test(this.#text[at] ?? '')) at += 1;
    return this.#text[at] === ':';
  }

  #name(content: string, frame: Frame): void {
    frame.name = content;
    if (frame.names!.has(content)) this.#fault('stands twice', 'Send each name once.');
    if (content === '__proto__')
      this.#fault('is a name that cannot be kept', 'Choose another name.');
    frame.names!.add(content);
  }

  #number(at: number): number {
    NUMBER.lastIndex = at;
    const literal = NUMBER.exec(this.#text)![0];
    const reason = numberFault(literal);
    if (reason !== null) this.#fault(reason, 'Send it as text, or with fewer digits.');
    return at + literal.length;
  }

  #fault(reason: string, remedy: string): void {
    const field = this.#open
      .map(({ name }) => printable(String(name)))
      .filter((name) => name !== '')
      .slice(0, 8);
    this.#faults.push({ field: field.join('.').slice(0, 200) || '(body)', reason, remedy });
  }
}

function endOfString(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '"') return end + 1;
  }
  return text.length;
}

/** Why a text cannot be kept, or null. */
export function textFault(text: string): string | null {
  if (text.includes('\0')) return 'contains U+0000';
  return /\p{Cs}/u.test(text) ? 'contains half a surrogate pair' : null;
}

const printable = (name: string): string => name.replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd');

/**
 * Why a number would not be kept, or null. Whole numbers must be exact; what is written with a
 * point or an exponent must come back with the same digits when a double is written with as many:
 * 0.1 and its full expansion are both kept.
 */
export function numberFault(literal: string): string | null {
  const value = Number(literal);
  if (!Number.isFinite(value)) return 'is larger than a double can hold';
  if (/^-?\d+$/.test(literal))
    return Number.isSafeInteger(value)
      ? null
      : 'is a whole number beyond 2^53 - 1, which would change';
  const digits = significant(literal);
  if (digits === '') return null; // zero, however written
  if (value === 0) return 'is smaller than a double can hold';
  return digits.length <= 100 && significant(value.toPrecision(digits.length)) === digits
    ? null
    : 'has more digits than a double keeps';
}

function significant(literal: string): string {
  return literal
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
}
