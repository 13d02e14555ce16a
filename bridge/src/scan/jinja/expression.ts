import { TemplateFault, type Token } from './lexer.ts';

/** An expression of Jinja. `at`: characters from the start of the template. */
export type Node = { at: number } & (
  | { kind: 'number'; value: number }
  | { kind: 'text'; text: string }
  | { kind: 'name'; name: string }
  | { kind: 'items'; items: Node[] }
  | { kind: 'attribute'; of: Node; name: string }
  | { kind: 'item'; of: Node; keys: Node[] }
  | { kind: 'call'; of: Node; given: Argument[] }
  | { kind: 'filter'; of: Node | null; name: string; given: Argument[] }
  | { kind: 'test'; of: Node; given: Argument[] }
  | { kind: 'pair'; operator: string; left: Node; right: Node }
  | { kind: 'choice'; options: Node[] }
);
export interface Argument {
  name: string | null;
  value: Node;
}

const DEPTH_MAX = 64;
/** from the loosest to the tightest, as Jinja's own parser has them */
const LEVELS: readonly (readonly string[])[] = [
  ['or'],
  ['and'],
  ['==', '!=', '<', '<=', '>', '>=', 'in', 'not in'],
  ['+', '-'],
  ['~'],
  ['*', '/', '//', '%'],
  ['**'],
];
const COMPARISONS = 2;
/** what ends an argument of a test that has no brackets */
const NO_ARGUMENT = new Set(['else', 'or', 'and', 'is', 'if', 'in', 'not', 'recursive']);

/**
 * Reads the tokens of a tag as Jinja's parser does:
 * https://github.com/pallets/jinja/blob/main/src/jinja2/parser.py
 */
export class ExpressionParser {
  private position: number;
  private depth = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[], from = 0) {
    this.tokens = tokens;
    this.position = from;
  }

  get at(): number {
    return (this.tokens[this.position] ?? this.tokens.at(-1))?.at ?? 0;
  }

  /**
   * `a, b`; `choices`: may it end with `if … else …`? In the head of a loop, `if` begins its
   * condition.
   */
  tuple(choices = true): Node {
    const first = this.expression(choices);
    if (!this.sees(',')) return first;
    const items = [first];
    while (this.takes(',') && !this.ended() && !this.sees(')'))
      items.push(this.expression(choices));
    return { kind: 'items', items, at: first.at };
  }

  ended(): boolean {
    return this.position >= this.tokens.length;
  }

  end(): void {
    if (!this.ended()) this.fault();
  }

  sees(text: string): boolean {
    const token = this.tokens[this.position];
    return token !== undefined && token.kind !== 'string' && token.text === text;
  }

  takes(text: string): boolean {
    if (!this.sees(text)) return false;
    this.position += 1;
    return true;
  }

  word(): string {
    const token = this.tokens[this.position];
    if (token?.kind !== 'name') return this.fault();
    this.position += 1;
    return token.text;
  }

  /** `(a, b=1)` behind a macro or a call, or nothing. */
  parameters(): Argument[] {
    return this.takes('(') ? this.given() : [];
  }

  expression(choices = true): Node {
    if (++this.depth > DEPTH_MAX)
      throw new TemplateFault('An expression is nested too deep.', this.at);
    const node = this.level(0);
    const options = [node];
    while (choices && this.takes('if')) {
      options.push(this.level(0));
      if (this.takes('else')) options.push(this.expression());
    }
    this.depth -= 1;
    return options.length === 1 ? node : { kind: 'choice', options, at: node.at };
  }

  private level(level: number): Node {
    if (level === LEVELS.length) return this.unary(true);
    if (level === COMPARISONS && this.takes('not'))
      return { kind: 'choice', options: [this.guarded(() => this.level(level))], at: this.at };
    let left = this.level(level + 1);
    for (;;) {
      const { at } = this;
      const operator = LEVELS[level]!.find((one) =>
        one === 'not in' ? this.takesNotIn() : this.takes(one),
      );
      if (operator === undefined) return left;
      left = { kind: 'pair', operator, left, right: this.level(level + 1), at };
    }
  }

  private takesNotIn(): boolean {
    if (!this.sees('not') || this.tokens[this.position + 1]?.text !== 'in') return false;
    this.position += 2;
    return true;
  }

  private unary(filters: boolean): Node {
    const { at } = this;
    if (this.takes('-') || this.takes('+')) {
      const of = this.guarded(() => this.unary(false));
      return this.behind(
        { kind: 'pair', operator: '-', left: { kind: 'number', value: 0, at }, right: of, at },
        filters,
      );
    }
    return this.behind(this.primary(), filters);
  }

  private primary(): Node {
    const token = this.tokens[this.position];
    if (token === undefined) return this.fault();
    const { at } = token;
    this.position += 1;
    if (token.kind === 'number')
      return { kind: 'number', value: Number(token.text.replace(/_/g, '')), at };
    if (token.kind === 'name') return { kind: 'name', name: token.text, at };
    if (token.kind === 'string') {
      let { text } = token;
      for (
        let next = this.tokens[this.position];
        next?.kind === 'string';
        next = this.tokens[++this.position]
      )
        text += next.text;
      return { kind: 'text', text, at };
    }
    if (token.text === '(') {
      if (this.takes(')')) return { kind: 'items', items: [], at };
      const inside = this.guarded(() => this.tuple());
      if (!this.takes(')')) this.fault();
      return inside;
    }
    if (token.text === '[')
      return { kind: 'items', items: this.list(']', () => [this.expression()]), at };
    if (token.text === '{')
      return {
        kind: 'items',
        items: this.list('}', () => [
          this.expression(),
          this.takes(':') ? this.expression() : this.fault(),
        ]),
        at,
      };
    this.position -= 1;
    return this.fault();
  }

  private list(close: string, one: () => Node[]): Node[] {
    const items: Node[] = [];
    while (!this.takes(close)) {
      items.push(...this.guarded(one));
      if (!this.takes(',') && !this.sees(close)) this.fault();
    }
    return items;
  }

  /** What stands behind a value: `.name`, `[…]`, `(…)`, and where they may, filters and tests. */
  private behind(node: Node, filters: boolean): Node {
    let of = node;
    for (;;) {
      const { at } = this;
      if (this.takes('.')) {
        const token = this.tokens[this.position++];
        if (token === undefined || token.kind === 'string' || token.kind === 'operator')
          return this.fault();
        of = { kind: 'attribute', of, name: token.text, at };
      } else if (this.takes('['))
        of = { kind: 'item', of, keys: this.list(']', () => this.slice()), at };
      else if (this.takes('(')) of = { kind: 'call', of, given: this.given(), at };
      else if (filters && this.takes('|'))
        of = { kind: 'filter', of, name: this.dotted(), given: this.parameters(), at };
      else if (filters && this.takes('is')) of = this.test(of);
      else return of;
    }
  }

  private slice(): Node[] {
    const parts: Node[] = [];
    do if (!this.sees(':') && !this.sees(']') && !this.sees(',')) parts.push(this.expression());
    while (this.takes(':'));
    return parts;
  }

  private test(of: Node): Node {
    const { at } = this;
    this.takes('not');
    this.dotted();
    if (this.takes('(')) return { kind: 'test', of, given: this.given(), at };
    const token = this.tokens[this.position];
    const argument =
      token !== undefined &&
      (token.kind !== 'operator' || token.text === '[' || token.text === '{') &&
      !NO_ARGUMENT.has(token.text);
    return {
      kind: 'test',
      of,
      given: argument ? [{ name: null, value: this.behind(this.primary(), false) }] : [],
      at,
    };
  }

  private dotted(): string {
    let name = this.word();
    while (this.takes('.')) name += `.${this.word()}`;
    return name;
  }

  private given(): Argument[] {
    const found: Argument[] = [];
    while (!this.takes(')')) {
      if (!this.takes('*')) this.takes('**');
      const named =
        this.tokens[this.position]?.kind === 'name' &&
        this.tokens[this.position + 1]?.kind === 'operator' &&
        this.tokens[this.position + 1]?.text === '=';
      const name = named ? this.word() : null;
      if (named) this.takes('=');
      found.push({ name, value: this.guarded(() => this.expression()) });
      if (!this.takes(',') && !this.sees(')')) this.fault();
    }
    return found;
  }

  private guarded<T>(read: () => T): T {
    if (++this.depth > DEPTH_MAX)
      throw new TemplateFault('An expression is nested too deep.', this.at);
    const result = read();
    this.depth -= 1;
    return result;
  }

  private fault(): never {
    throw new TemplateFault('An expression is not one of Jinja.', this.at);
  }
}
