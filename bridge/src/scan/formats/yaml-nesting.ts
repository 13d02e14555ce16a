import { Lexer } from 'yaml';

const FLOW_MAX = 64;
/** `- - - x` and `? ? ? x` nest within a line */
const INDICATORS_MAX = 64;
const INDENT_MAX = /^ {257,}/m;

/**
 * Is the YAML nested deeper than a parser can follow that calls itself for each level? Told from
 * the tokens, before anything is built: the parser of the library runs out of stack, and with it
 * the process.
 */
export function isNestedTooDeep(text: string): boolean {
  let open = 0;
  let indicators = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') open++;
    else if (token === ']' || token === '}') open--;
    else if (token === '-' || token === '?' || token === ':') indicators++;
    else if (token === ',' || token === '\n' || token === '\r\n') indicators = 0;
    if (open > FLOW_MAX || indicators > INDICATORS_MAX) return true;
  }
  return INDENT_MAX.test(text);
}
