import { ExpressionParser, type Argument, type Node } from './expression.ts';
import { TemplateFault, type Piece } from './lexer.ts';

/** A template as the tree of its statements. */
export type Statement = { at: number } & (
  | { kind: 'output'; value: Node | null; literal: number }
  | { kind: 'set'; targets: string[]; value: Node }
  | { kind: 'capture'; targets: string[]; filters: Node | null; body: Statement[] }
  | { kind: 'loop'; targets: string[]; over: Node; condition: Node | null; body: Statement[] }
  | { kind: 'choice'; conditions: Node[]; branches: Statement[][] }
  | { kind: 'macro'; name: string; parameters: Argument[]; body: Statement[] }
  | { kind: 'call'; parameters: Argument[]; value: Node; body: Statement[] }
);

const DEPTH_MAX = 64;
const CLOSING = /^end|^el(se|if)$/;

/** `length`: of the template, which also counts what stands between the tags. */
export function readProgram(pieces: readonly Piece[], length: number): Statement[] {
  return new Blocks(pieces, length).all();
}

class Blocks {
  private position = 0;
  private depth = 0;
  private readonly pieces: readonly Piece[];
  private readonly length: number;

  constructor(pieces: readonly Piece[], length: number) {
    this.pieces = pieces;
    this.length = length;
  }

  all(): Statement[] {
    const body: Statement[] = [this.between(0, this.pieces[0]?.at ?? this.length), ...this.until()];
    if (this.position < this.pieces.length) this.fault('A block ends that was not begun.');
    return body;
  }

  /** Statements up to one that ends this block or begins its next branch. */
  private until(): Statement[] {
    if (++this.depth > DEPTH_MAX) this.fault('Blocks are nested too deep.');
    const body: Statement[] = [];
    for (
      let piece = this.pieces[this.position];
      piece !== undefined;
      piece = this.pieces[this.position]
    ) {
      const word = piece.kind === 'statement' ? (piece.tokens[0]?.text ?? '') : '';
      if (CLOSING.test(word)) break;
      this.position += 1;
      const text = this.behind(piece);
      if (piece.kind === 'expression') {
        const parser = new ExpressionParser(piece.tokens);
        const value = parser.tuple();
        parser.end();
        body.push({ kind: 'output', value, literal: 0, at: piece.at }, text);
      } else body.push(...this.statement(piece, word, text));
    }
    this.depth -= 1;
    return body;
  }

  private statement(piece: Piece, word: string, text: Statement): Statement[] {
    const { at } = piece;
    const parser = new ExpressionParser(piece.tokens, 1);
    const body = (): Statement[] => [text, ...this.until()];
    const whole = (value: Node): Node => {
      parser.end();
      return value;
    };
    switch (word) {
      case 'if':
        return this.branches([whole(parser.tuple())], body(), at);
      case 'for':
        return this.loop(parser, body, at);
      case 'set': {
        const targets = this.targets(parser);
        if (parser.takes('='))
          return [{ kind: 'set', targets, value: whole(parser.tuple()), at }, text];
        const filters = this.filters(piece, parser);
        return [
          { kind: 'capture', targets, filters, body: body(), at },
          ...this.close('endset', at),
        ];
      }
      case 'filter':
        return [
          {
            kind: 'capture',
            targets: [],
            filters: this.filters(piece, parser, true),
            body: body(),
            at,
          },
          ...this.close('endfilter', at),
        ];
      case 'macro': {
        const name = parser.word();
        const parameters = parser.parameters();
        return [
          { kind: 'macro', name, parameters, body: body(), at },
          ...this.close('endmacro', at),
        ];
      }
      case 'call': {
        const parameters = parser.parameters();
        const value = whole(parser.expression());
        return [
          { kind: 'call', parameters, value, body: body(), at },
          ...this.close('endcall', at),
        ];
      }
      case 'generation':
        return [...body(), ...this.close('endgeneration', at)];
      default:
        // break, continue; what else there is has been refused
        return [text];
    }
  }

  private loop(parser: ExpressionParser, body: () => Statement[], at: number): Statement[] {
    const targets = this.targets(parser);
    if (!parser.takes('in')) this.fault('A loop goes over nothing.', at);
    const over = parser.tuple(false);
    const condition = parser.takes('if') ? parser.expression() : null;
    parser.takes('recursive');
    parser.end();
    const inside = body();
    return [
      { kind: 'loop', targets, over, condition, body: inside, at },
      ...(this.otherwise() ?? []),
      ...this.close('endfor', at),
    ];
  }

  private branches(conditions: Node[], first: Statement[], at: number): Statement[] {
    const branches = [first];
    for (;;) {
      const piece = this.pieces[this.position];
      if (piece?.tokens[0]?.text === 'elif') {
        this.position += 1;
        const parser = new ExpressionParser(piece.tokens, 1);
        conditions.push(parser.tuple());
        parser.end();
        branches.push([this.behind(piece), ...this.until()]);
      } else {
        const last = this.otherwise();
        if (last !== null) branches.push(last);
        return [{ kind: 'choice', conditions, branches, at }, ...this.close('endif', at)];
      }
    }
  }

  private otherwise(): Statement[] | null {
    const piece = this.pieces[this.position];
    if (piece?.tokens[0]?.text !== 'else') return null;
    this.position += 1;
    return [this.behind(piece), ...this.until()];
  }

  private close(word: string, at: number): Statement[] {
    const piece = this.pieces[this.position];
    if (piece === undefined || piece.kind !== 'statement' || piece.tokens[0]?.text !== word)
      return this.fault('A block does not end.', at);
    this.position += 1;
    return [this.behind(piece)];
  }

  private targets(parser: ExpressionParser): string[] {
    const targets: string[] = [];
    const bracket = parser.takes('(');
    do {
      let name = parser.word();
      while (parser.takes('.')) name += `.${parser.word()}`;
      targets.push(name);
    } while (parser.takes(',') && !parser.sees(')'));
    if (bracket) parser.takes(')');
    return targets;
  }

  /** `| trim` behind a target, or `trim | upper` behind `filter`: filters of what is captured. */
  private filters(piece: Piece, parser: ExpressionParser, first = false): Node | null {
    if (parser.ended()) return null;
    const tokens = [
      { kind: 'name' as const, text: CAPTURED, at: piece.at },
      ...(first ? [{ kind: 'operator' as const, text: '|', at: piece.at }] : []),
      ...piece.tokens.slice(
        first ? 1 : piece.tokens.findIndex(({ kind, text }) => kind === 'operator' && text === '|'),
      ),
    ];
    const inner = new ExpressionParser(tokens);
    const value = inner.expression();
    inner.end();
    return value;
  }

  /** The text that follows the tag that was read last. */
  private behind(piece: Piece): Statement {
    return this.between(piece.end, this.pieces[this.position]?.at ?? this.length);
  }

  private between(from: number, to: number): Statement {
    return { kind: 'output', value: null, literal: Math.max(0, to - from), at: from };
  }

  private fault(why: string, at = this.pieces[this.position]?.at ?? 0): never {
    throw new TemplateFault(why, at);
  }
}

/** the name under which a filter finds what its block has made */
export const CAPTURED = ' captured';
