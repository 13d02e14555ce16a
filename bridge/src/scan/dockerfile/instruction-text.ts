import type { Instruction } from 'dockerfile-ast';

/**
 * The command of an instruction as one shell text: continuation lines joined, comments gone, the
 * exec form put together again.
 */
export function shellText(node: Instruction): string {
  const raw = node.getRawArgumentsContent() ?? '';
  const joined = raw
    .replace(/^[ \t]*#(?!!).*\n?/gm, '')
    .replace(/\\[ \t]*\r?\n/g, '')
    .replace(/^(--\S+\s+)+/, '')
    .replace(/^CMD\s+/i, '')
    .trim();
  if (!joined.startsWith('[')) return heredocs(joined);
  try {
    const words: unknown = JSON.parse(joined);
    if (Array.isArray(words))
      return words.map((word) => `'${String(word).replaceAll("'", "'\\''")}'`).join(' ');
  } catch {
    // not the exec form after all: a builder gives it to the shell as it is
  }
  return joined;
}

/**
 * `<<EOF` and its last line away, so that the script in between is read as commands; given to an
 * interpreter it still is one.
 */
function heredocs(text: string): string {
  const marks = [...text.matchAll(/<<-?\s*(["']?)([A-Za-z_][A-Za-z0-9_]*)\1/g)].map(
    (match) => match[2]!,
  );
  return marks.reduce(
    (rest, mark) => rest.replace(new RegExp(`^\\s*${mark}\\s*$`, 'm'), ''),
    text.replace(/<<-?\s*(["']?)[A-Za-z_][A-Za-z0-9_]*\1/g, ''),
  );
}
