import { Lexer } from 'yaml';

const FLOW_MAX = 64;
/** `- - - x` and `? ? ? x` nest within a line */
const INDICATORS_MAX = 64;
const OPENING = new Set(['[', '{']);
const CLOSING = new Set([']', '}']);
const INDICATORS = new Set(['-', '?', ':']);
/** behind these, indicators count anew */
const ENDS = new Set([',', '\n', '\r\n']);
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
    if (OPENING.has(token)) open++;
    else if (CLOSING.has(token)) open--;
    else if (INDICATORS.has(token)) indicators++;
    else if (ENDS.has(token)) indicators = 0;
    if (open > FLOW_MAX || indicators > INDICATORS_MAX) return true;
  }
  return INDENT_MAX.test(text);
}
