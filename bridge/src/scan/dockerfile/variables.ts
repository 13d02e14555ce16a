/** Values of ARG and ENV that are known at a line. null: declared without a value. */
export type Variables = Map<string, string | null>;

const REFERENCE =
  /\\\$|\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^{}]*))?\})/g;
const SUBSTITUTIONS_MAX = 16;
/** characters of a value that is still followed */
const VALUE_MAX = 16 * 1024;

/**
 * Replaces $NAME, ${NAME}, ${NAME:-word} and ${NAME:+word} as a build does. null when a value is
 * not known.
 */
export function expand(text: string, variables: Variables, depth = 0): string | null {
  if (depth > SUBSTITUTIONS_MAX) return null;
  let unknown = false;
  const expanded = text.replace(REFERENCE, (whole: string, ...groups: (string | undefined)[]) => {
    const [plain, braced, operator = '', word = ''] = groups;
    const name = plain ?? braced;
    if (name === undefined) return whole.slice(1);
    const value = resolve({ name, operator, word }, variables, depth);
    if (value === null) unknown = true;
    return value ?? '';
  });
  // values that are made of each other grow without end
  if (expanded.length > VALUE_MAX) return null;
  // what is still there is a form that we do not know, such as ${NAME%suffix}
  return unknown || /(^|[^\\])\$\{/.test(expanded) ? null : expanded;
}

/** `operator`: `-`, `+`, `:-`, `:+` or nothing, with the word behind it. */
interface Reference {
  readonly name: string;
  readonly operator: string;
  readonly word: string;
}

function resolve(
  { name, operator, word }: Reference,
  variables: Variables,
  depth: number,
): string | null {
  const value = variables.get(name) ?? null;
  if (operator === '') return value;
  const set = value !== null && (value !== '' || !operator.startsWith(':'));
  if (operator.endsWith('-')) return set ? value : expand(word, variables, depth + 1);
  return set ? expand(word, variables, depth + 1) : '';
}

/**
 * A shell text as it stands, and, where that differs, with the values put in that are known: of the
 * build, and of variables that the text itself gives a plain value. A command put together of parts
 * is then one word.
 */
export function readings(text: string, variables: Variables): string[] {
  const known = new Map(variables);
  for (const [, name, double, single, bare] of text.matchAll(
    /(?:^|[\s;&|(])([A-Za-z_][A-Za-z0-9_]*)=(?:"([^"$`]*)"|'([^']*)'|([^\s;&|"'$`()]+))/g,
  ))
    known.set(name!, double ?? single ?? bare!);
  const put = text.replace(
    /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-=]([^{}$]*))?\})/g,
    (whole, plain?: string, braced?: string, word?: string) =>
      known.get(plain ?? braced ?? '') ?? word ?? whole,
  );
  return put === text ? [text] : [text, put];
}
