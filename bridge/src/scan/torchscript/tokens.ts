export interface Token {
  kind: 'name' | 'number' | 'string' | 'operator';
  text: string;
  /** characters from the start */ at: number;
}

/** The program is not of the form that PyTorch writes. */
export class ScriptFault extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const PATTERN =
  /(?<space>[ \n]+)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?j?)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<comment>#[^\n]*)|(?<operator>->|\*\*|\/\/|[=!<>]=|<<|>>|[-+*/%@&|^~<>=()[\]{},:.;])/y;

/**
 * The words of serialized TorchScript, which looks like Python: two blanks an indent, texts in
 * quotes, one line each.
 */
export function* scriptTokens(text: string): Generator<Token> {
  const pattern = new RegExp(PATTERN.source, 'y');
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined)
      throw new ScriptFault(`"${text.slice(at, at + 20)}" is nothing that PyTorch writes.`, at);
    for (const kind of ['name', 'number', 'string', 'operator'] as const)
      if (groups[kind] !== undefined) yield { kind, text: groups[kind], at };
  }
}
