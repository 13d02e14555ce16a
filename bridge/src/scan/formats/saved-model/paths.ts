import { Rejected } from '../../report.ts';
import type { Graph, GraphNode } from './graph.ts';

/** Operators that open files → the inputs that name them. */
const FILE_INPUTS: Record<string, number[]> = {
  SaveV2: [0],
  RestoreV2: [0],
  MergeV2Checkpoints: [0, 1],
  InitializeTableFromTextFile: [1],
  InitializeTableFromTextFileV2: [1],
};
/**
 * Inputs of a call that come before the arguments of the function, and arguments that the loop
 * itself gives.
 */
const CALL_SHIFT: Record<string, [number, number]> = {
  If: [1, 0],
  StatelessIf: [1, 0],
  Case: [1, 0],
  StatelessCase: [1, 0],
  For: [3, 1],
};
const DEPTH_MAX = 500;
/** a default that stays where the loader puts it, and a part that cannot lead up */
const PLAIN = /^[A-Za-z0-9_.-]*$/;
const leadsUp = (text: string): boolean =>
  /(^|\/)\.\.(\/|$)/.test(text) ||
  text.includes('\\') ||
  text.includes('\0') ||
  text.includes('://');

/** Where the names of files may come from. */
export interface PathSources {
  /** the node of the main graph that the loader feeds with the checkpoint's name */
  checkpoint: string;
  /** nodes of the main graph that the loader feeds with assets */
  assets: ReadonlySet<string>;
  /** nodes of the main graph that a request feeds */
  requests: ReadonlySet<string>;
}

/** The arguments of a function that name files, with the place of an operator that opens one. */
export type PathArguments = Map<number, number>;

/** The way back from an operator that opens a file. */
interface Trail {
  readonly graph: Graph;
  readonly opener: GraphNode;
  /** null: in a function */
  readonly sources: PathSources | null;
  /** null: in the main graph */
  readonly found: PathArguments | null;
}

/**
 * Follows the names of files from the operators that open them back to where they come from.
 * Allowed are the loader's own: the checkpoint's name, and assets. In a function the name may be an
 * argument; then whoever calls it is asked.
 */
export class Paths {
  private readonly functions: ReadonlyMap<string, Graph>;
  private readonly known = new Map<string, PathArguments | 'asked'>();
  private readonly onDefault: (opener: GraphNode, text: string) => void;

  /**
   * `onDefault` is told of assets that stand for a file elsewhere as long as no loader replaces
   * them.
   */
  constructor(
    functions: ReadonlyMap<string, Graph>,
    onDefault: (opener: GraphNode, text: string) => void,
  ) {
    this.functions = functions;
    this.onDefault = onDefault;
  }

  /** Checks the graph that a loader runs. */
  checkMain(graph: Graph, sources: PathSources): void {
    this.openings(
      graph,
      (opener, input) =>
        this.trace({ graph, opener, sources, found: null }, opener.inputs[input], 0),
      0,
    );
  }

  /** Checks a function, and answers which of its arguments name files. */
  argumentsOf(name: string, depth = 0): PathArguments {
    const known = this.known.get(name);
    const graph = this.functions.get(name);
    if (known === 'asked')
      throw new Rejected(
        'tensorflow-structure',
        `The function ${JSON.stringify(name.slice(0, 80))} calls itself.`,
        graph?.at,
      );
    if (known !== undefined) return known;
    const found: PathArguments = new Map();
    if (graph === undefined) return found;
    if (depth > DEPTH_MAX)
      throw new Rejected(
        'limit-exceeded',
        `Functions call each other deeper than ${DEPTH_MAX}.`,
        graph.at,
      );
    this.known.set(name, 'asked');
    this.openings(
      graph,
      (opener, input) =>
        this.trace({ graph, opener, sources: null, found }, opener.inputs[input], 0),
      depth,
    );
    this.known.set(name, found);
    return found;
  }

  /** Calls `each` with every input of a node that ends up as the name of a file. */
  private openings(
    graph: Graph,
    each: (node: GraphNode, input: number) => void,
    depth: number,
  ): void {
    for (const node of graph.nodes.values()) {
      for (const input of FILE_INPUTS[node.op] ?? []) each(node, input);
      const [inputs, given] = CALL_SHIFT[node.op] ?? [0, 0];
      for (const name of [...node.functions, node.op]) {
        for (const index of this.argumentsOf(name, depth + 1).keys()) {
          if (index < given) this.refuse(node, 'a number of a loop');
          each(node, index - given + inputs);
        }
      }
    }
  }

  private trace(trail: Trail, reference: string | undefined, depth: number): void {
    const { graph, opener, sources, found } = trail;
    if (depth > DEPTH_MAX)
      throw new Rejected(
        'limit-exceeded',
        `The name of a file is passed on more than ${DEPTH_MAX} times.`,
        opener.at,
      );
    const name = nodeOf(reference);
    const argument = graph.args.indexOf(name);
    if (found !== null && argument >= 0 && reference === name) {
      found.set(argument, opener.at);
      return;
    }
    if (sources !== null && (sources.assets.has(name) || name === sources.checkpoint))
      return this.checkFed(trail, name);
    const node = graph.nodes.get(name);
    if (node === undefined)
      return this.refuse(opener, `${JSON.stringify(name.slice(0, 80))}, which cannot be followed`);
    this.traceNode(trail, node, name, depth);
  }

  /** Goes on behind a node that only passes on, or makes, the name of a file. */
  private traceNode(trail: Trail, node: GraphNode, name: string, depth: number): void {
    const follow = (input: number): void => this.trace(trail, node.inputs[input], depth + 1);
    switch (node.op) {
      case 'Identity':
      case 'ShardedFilename':
        return follow(0);
      case 'StringJoin':
        for (const part of node.inputs.slice(1)) this.checkPart(trail, part, depth + 1);
        return follow(0);
      case 'Pack':
        return node.inputs.forEach((input, i) => void (input.startsWith('^') || follow(i)));
      case 'ReadVariableOp':
        return this.traceVariable(trail, nodeOf(node.inputs[0]), depth + 1);
      case 'PlaceholderWithDefault':
        return this.checkDefault(trail, node, name);
      case 'Const':
        return this.refuse(
          trail.opener,
          `the constant ${JSON.stringify(node.texts?.[0]?.slice(0, 80) ?? name.slice(0, 80))}`,
        );
      default:
        return this.refuse(trail.opener, `a ${node.op}`);
    }
  }

  /**
   * What the loader feeds must wait to be fed; where it has a value of its own, that must stay in
   * the folder.
   */
  private checkFed(trail: Trail, name: string, depth = 0): void {
    const { graph, opener } = trail;
    const node = graph.nodes.get(name);
    if (node === undefined) return this.refuse(opener, 'a value that the loader does not replace');
    if (node.op === 'Placeholder' || node.op === 'PlaceholderV2') return;
    if (node.op === 'PlaceholderWithDefault' && depth < DEPTH_MAX)
      return this.checkFed(trail, nodeOf(node.inputs[0]), depth + 1);
    if (node.op !== 'Const' || node.texts === null)
      return this.refuse(opener, 'a value that the loader does not replace');
    for (const text of node.texts)
      if (!PLAIN.test(text) || leadsUp(text)) this.onDefault(opener, text);
  }

  /**
   * A graph that was saved in several ways has several savers, of which the loader feeds one. The
   * others stay in the folder where they run.
   */
  private checkDefault(
    { graph, opener, sources }: Trail,
    { inputs }: GraphNode,
    name: string,
  ): void {
    let node = graph.nodes.get(nodeOf(inputs[0]));
    if (node?.op === 'PlaceholderWithDefault') node = graph.nodes.get(nodeOf(node.inputs[0]));
    if (
      sources === null ||
      sources.requests.has(name) ||
      sources.requests.has(nodeOf(inputs[0])) ||
      !staysInFolder(node)
    )
      this.refuse(opener, 'a default that could lead elsewhere');
  }

  /**
   * A variable of the main graph that is set there and nowhere else, and to what the loader gives.
   */
  private traceVariable(trail: Trail, name: string, depth: number): void {
    const { graph, opener, sources } = trail;
    const variable = graph.nodes.get(name);
    if (
      sources === null ||
      variable?.op !== 'VarHandleOp' ||
      this.sharers(variable.shared, graph) !== 1
    )
      this.refuse(opener, 'a variable that others may set');
    for (const node of graph.nodes.values()) {
      if (node.op === 'ReadVariableOp' || !node.inputs.some((input) => nodeOf(input) === name))
        continue;
      if (node.op !== 'AssignVariableOp' || nodeOf(node.inputs[0]) !== name)
        this.refuse(opener, `a variable that a ${node.op} may set`);
      this.trace({ ...trail, found: null }, node.inputs[1], depth);
    }
  }

  private sharers(shared: string, main: Graph): number {
    let count = 0;
    for (const graph of [main, ...this.functions.values()]) {
      for (const node of graph.nodes.values())
        if (node.op === 'VarHandleOp' && node.shared === shared) count += 1;
    }
    return count;
  }

  /** A part that is joined to a name: plain constants, or a choice between such. */
  private checkPart(trail: Trail, reference: string, depth: number): void {
    const { graph, opener } = trail;
    const node = graph.nodes.get(nodeOf(reference));
    if (reference.startsWith('^')) return;
    if (depth > DEPTH_MAX)
      throw new Rejected(
        'limit-exceeded',
        `The name of a file is passed on more than ${DEPTH_MAX} times.`,
        opener.at,
      );
    if (node?.op === 'Select' || node?.op === 'SelectV2') {
      for (const branch of node.inputs.slice(1, 3)) this.checkPart(trail, branch, depth + 1);
    } else if (node?.op !== 'Const' || node.texts === null || node.texts.some(leadsUp)) {
      this.refuse(opener, 'joined from parts that could lead elsewhere');
    }
  }

  private refuse(opener: GraphNode, what: string): never {
    throw new Rejected(
      'tensorflow-path',
      `The file that ${opener.op} opens is not given by the loader: it is ${what}.`,
      opener.at,
    );
  }
}

const nodeOf = (reference: string | undefined): string => (reference ?? '').split(':')[0]!;

const staysInFolder = (node: GraphNode | undefined): boolean =>
  node?.op === 'Const' &&
  node.texts !== null &&
  node.texts.every((text) => PLAIN.test(text) && !leadsUp(text));
