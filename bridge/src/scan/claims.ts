/** What one file says of bytes of its neighbour: these are mine. */
export interface Claim {
  /** the file that says so */
  by: string;
  /** what the bytes are to it, for findings: "weights of an ONNX model" */
  what: string;
  start: number;
  end: number;
  /** of the whole neighbour, where the claiming file states it */
  sha1?: string;
}

/**
 * What the files of an upload, or of one folder in a container, say of each other. Files without a
 * mark of their own (raw weights) are understood only when a neighbour accounts for their bytes, so
 * they are judged after all others.
 */
export class Claims {
  private readonly claims = new Map<string, Claim[]>();
  private readonly settled = new Set<string>();

  add(name: string, claim: Claim): void {
    const known = this.claims.get(name);
    if (known === undefined) this.claims.set(name, [claim]);
    else known.push(claim);
  }

  on(name: string): readonly Claim[] {
    return this.claims.get(name) ?? [];
  }

  /** The file was judged as what its neighbours say that it is. */
  settle(name: string): void {
    this.settled.add(name);
  }

  /** Files that neighbours claim and that are something else by their content. */
  disputed(): [string, Claim][] {
    return [...this.claims]
      .filter(([name]) => !this.settled.has(name))
      .map(([name, claims]) => [name, claims[0]!]);
  }
}
