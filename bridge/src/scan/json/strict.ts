import { Rejected } from '../report.ts';
import type { RuleId } from '../rules.ts';

/** A number as it is written; who needs it decides what it may be. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | Map<string, JsonValue>;

export interface JsonRules {
  maxDepth: number;
  maxEntries: number;
  invalid: RuleId;
  /** NaN and Infinity are numbers too, as some writers have it */
  nonFinite?: boolean;
  duplicate: RuleId;
  /** where the text begins in the file, for the offsets of findings */
  baseOffset?: number;
}

/**
 * RFC 8259 to the letter, which JSON.parse is not for our purpose: it takes the last of two equal
 * keys in silence, loses digits of large numbers and knows no depth. Objects are Maps, so
 * `__proto__` is a key like any other. Throws Rejected with the offset of the fault.
 */
export function parseStrictJson(bytes: Uint8Array, rules: JsonRules): JsonValue {
  return new StrictJson(bytes, rules).document();
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
const NUMBER_CHARS = new Set([...'0123456789+-.eE'].map((c) => c.charCodeAt(0)));
const NUMBER_CHARS_MAX = 400;
const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class StrictJson {
  private position = 0;
  private entries = 0;
  private readonly bytes: Uint8Array;
  private readonly rules: JsonRules;

  constructor(bytes: Uint8Array, rules: JsonRules) {
    this.bytes = bytes;
    this.rules = rules;
  }

  document(): JsonValue {
    const value = this.value(0);
    this.blank();
    if (this.position !== this.bytes.length) this.fail('there is something after the JSON value');
    return value;
  }

  private value(depth: number): JsonValue {
    this.count(depth);
    this.blank();
    switch (this.bytes[this.position]) {
      case 0x7b:
        return this.object(depth);
      case 0x5b:
        return this.array(depth);
      case QUOTE:
        return this.string();
      case 0x74:
        return this.word('true', true);
      case 0x66:
        return this.word('false', false);
      case 0x6e:
        return this.word('null', null);
      case 0x4e:
        return this.rules.nonFinite === true
          ? this.word('NaN', new JsonNumber('NaN'))
          : this.number();
      case 0x49:
        return this.rules.nonFinite === true
          ? this.word('Infinity', new JsonNumber('Infinity'))
          : this.number();
      default:
        return this.number();
    }
  }

  private count(depth: number): void {
    if (depth > this.rules.maxDepth)
      throw new Rejected(
        'limit-exceeded',
        `JSON is nested deeper than ${this.rules.maxDepth}.`,
        this.offset(),
      );
    if (++this.entries > this.rules.maxEntries)
      throw new Rejected(
        'limit-exceeded',
        `JSON has more than ${this.rules.maxEntries} values.`,
        this.offset(),
      );
  }

  private object(depth: number): Map<string, JsonValue> {
    const members = new Map<string, JsonValue>();
    this.position++;
    this.blank();
    if (this.take(0x7d)) return members;
    for (;;) {
      this.blank();
      const at = this.position;
      if (this.bytes[this.position] !== QUOTE) this.fail('a key must be a string');
      const key = this.string();
      if (members.has(key)) {
        throw new Rejected(
          this.rules.duplicate,
          `The key ${JSON.stringify(key.slice(0, 80))} occurs twice in one object; readers differ in which one they take.`,
          this.offset(at),
        );
      }
      this.blank();
      if (!this.take(0x3a)) this.fail('a colon is missing after a key');
      members.set(key, this.value(depth + 1));
      this.blank();
      if (this.take(0x7d)) return members;
      if (!this.take(0x2c)) this.fail('a comma or } is missing');
    }
  }

  private array(depth: number): JsonValue[] {
    const elements: JsonValue[] = [];
    this.position++;
    this.blank();
    if (this.take(0x5d)) return elements;
    for (;;) {
      elements.push(this.value(depth + 1));
      this.blank();
      if (this.take(0x5d)) return elements;
      if (!this.take(0x2c)) this.fail('a comma or ] is missing');
    }
  }

  private string(): string {
    const start = ++this.position;
    let escaped = false;
    for (;;) {
      const byte = this.bytes[this.position];
      if (byte === undefined) this.fail('a string does not end');
      if (byte! < 0x20) this.fail('a control character stands in a string');
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        escaped = true;
        this.position++;
      }
      this.position++;
    }
    const raw = this.bytes.subarray(start, this.position);
    this.position++;
    let text: string;
    try {
      text = utf8.decode(raw);
    } catch {
      this.fail('a string is not UTF-8', start);
    }
    return escaped ? this.unescape(text!, start) : text!;
  }

  private unescape(text: string, start: number): string {
    const decoded = text.replace(
      /\\(?:u([0-9a-fA-F]{4})|(.)|$)/gs,
      (_match, unicode: string | undefined, simple: string | undefined) => {
        if (unicode !== undefined) return String.fromCharCode(parseInt(unicode, 16));
        const character = simple === undefined ? undefined : ESCAPES[simple];
        if (character === undefined) this.fail('an escape is unknown', start);
        return character!;
      },
    );
    // two spellings of one key must not slip past the check for duplicates, and half a pair is read
    // differently by readers
    if (/\p{Surrogate}/u.test(decoded)) this.fail('a string holds half of a surrogate pair', start);
    return decoded;
  }

  private number(): JsonNumber {
    const start = this.position;
    if (
      this.rules.nonFinite === true &&
      this.bytes[start] === 0x2d &&
      this.bytes[start + 1] === 0x49
    ) {
      this.position++;
      return this.word('Infinity', new JsonNumber('-Infinity'));
    }
    while (NUMBER_CHARS.has(this.bytes[this.position] ?? 0)) this.position++;
    if (this.position - start > NUMBER_CHARS_MAX) this.fail('a number has too many digits', start);
    const text = String.fromCharCode(...this.bytes.subarray(start, this.position));
    if (!NUMBER.test(text))
      this.fail(start === this.position ? 'a value is missing' : 'a number is malformed', start);
    return new JsonNumber(text);
  }

  private word<T>(word: string, value: T): T {
    for (const character of word) {
      if (this.bytes[this.position++] !== character.charCodeAt(0))
        this.fail(`only ${word} could stand here`, this.position - 1);
    }
    return value;
  }

  private blank(): void {
    for (;;) {
      const byte = this.bytes[this.position];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.position++;
    }
  }

  private take(byte: number): boolean {
    if (this.bytes[this.position] !== byte) return false;
    this.position++;
    return true;
  }

  private offset(at = this.position): number {
    return (this.rules.baseOffset ?? 0) + at;
  }

  private fail(why: string, at = this.position): never {
    throw new Rejected(this.rules.invalid, `Not strict JSON: ${why}.`, this.offset(at));
  }
}
