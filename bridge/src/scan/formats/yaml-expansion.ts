import { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments, type Document } from 'yaml';

/** what anchors and aliases may make of a file: honest ones repeat a few settings */
const EXPANDED_MAX = 100_000;
const DEPTH_MAX = 512;

export type YamlDocument = Document.Parsed | Document;

/** All documents of a stream: `---` must not hide what stands behind it. */
export function documentsOf(content: string): YamlDocument[] {
  const documents = parseAllDocuments(content, {
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  return Array.isArray(documents) ? (documents as YamlDocument[]) : [];
}

/**
 * Does the document unfold to far more than was written? An alias costs a reader nothing until
 * something walks, copies or prints the tree, and `<<` copies while it is read; nine lines of nine
 * aliases each are 9^9 values. What holds itself never ends.
 */
export function unfoldsTooFar(document: YamlDocument): boolean {
  return new Unfolding().of(document.contents, 0) > EXPANDED_MAX;
}

class Unfolding {
  /** anchor → values below it; null while it is being counted */
  private readonly anchors = new Map<string, number | null>();

  /**
   * Values that a reader sees below the node, aliases followed. Anchors stand before their aliases,
   * so one walk is enough.
   */
  of(node: unknown, depth: number): number {
    if (depth > DEPTH_MAX) return Infinity;
    if (isAlias(node)) return this.ofAnchor(node.source);
    if (isPair(node)) return this.of(node.key, depth + 1) + this.of(node.value, depth + 1);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return 1;
    if (node.anchor !== undefined) this.anchors.set(node.anchor, null);
    let sum = 1;
    if (!isScalar(node))
      for (const item of node.items as unknown[]) sum += this.of(item, depth + 1);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, sum);
    return sum;
  }

  /** An anchor may be given anew; the last one counts, as for readers. */
  private ofAnchor(name: string): number {
    return (this.anchors.has(name) ? this.anchors.get(name) : 1) ?? Infinity;
  }
}
