import type { Token } from './lexer.ts';
import { KEYWORDS } from './vocabulary.ts';

export const isUnpacked = ([first]: Token[]): boolean =>
  first?.text === '*' || first?.text === '**';

/** What an argument is called that is given by name. */
const nameOfArgument = ([name, equals]: Token[]): string | null =>
  equals?.text === '=' ? name!.text : null;

/** Does the argument in this place say which attribute or filter it is? */
export function choosesAttribute(filter: string, argument: Token[], place: number): boolean {
  const name = nameOfArgument(argument);
  return (
    name === 'attribute' ||
    (name === null && (place === 0 || /^(sort|unique|min|max)$/.test(filter)))
  );
}

/** One token, which stands for nothing else. */
export function isLiteral(argument: Token[]): boolean {
  if (nameOfArgument(argument) !== null)
    return argument.length === 3 && argument[2]!.kind !== 'name';
  const [first] = argument;
  return argument.length === 1 && (first!.kind !== 'name' || KEYWORDS.has(first!.text));
}
