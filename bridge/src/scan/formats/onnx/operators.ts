import { readData } from '../../data/read.ts';
import type { Report } from '../../report.ts';
import { Rejected } from '../../report.ts';

interface OperatorFile {
  /** domain → operators that only compute */
  operators: Record<string, string[]>;
  /** domains whose operators are all for review */
  reviewDomains: string[];
  /** operator of any domain → what it does */
  refused: Record<string, string>;
}
interface Use {
  domain: string;
  operator: string;
  at: number;
}
interface LocalFunction {
  at: number;
  nodes: number;
  calls: Map<string, number>;
}

const FUNCTIONS_MAX = 10_000;
const USES_MAX = 20_000;
const UNFOLDED_NODES_MAX = 10_000_000;
const SEPARATOR = '\0';
let loaded: (OperatorFile & { known: Map<string, Set<string>> }) | undefined;

function operatorFile(): NonNullable<typeof loaded> {
  if (loaded === undefined) {
    const file = readData<OperatorFile>('onnx-operators.json');
    loaded = {
      ...file,
      known: new Map(
        Object.entries(file.operators).map(([domain, names]) => [domain, new Set(names)]),
      ),
    };
  }
  return loaded;
}

/**
 * Gathers which operators a model calls and which functions it brings along; judges them when all
 * of it is read.
 */
export class Operators {
  private readonly uses = new Map<string, Use>();
  private readonly functions = new Map<string, LocalFunction>();
  /** what the nodes that are now read belong to; null for graphs */
  private body: LocalFunction | null = null;

  /** A node of the model. '' and ai.onnx are two names of one domain. */
  call(domain: string, operator: string, overload: string, at: number): void {
    const key = keyOf(domain, operator, overload);
    if (!this.uses.has(key))
      this.uses.set(key, { domain: domain === '' ? 'ai.onnx' : domain, operator, at });
    if (this.uses.size > USES_MAX)
      throw new Rejected(
        'limit-exceeded',
        `The model calls more than ${USES_MAX} different operators.`,
        at,
      );
    if (this.body === null) return;
    this.body.nodes += 1;
    this.body.calls.set(key, (this.body.calls.get(key) ?? 0) + 1);
  }

  /**
   * A function of the model; what is called while `read` runs is its body. Its name is known only
   * when it was read.
   */
  define(at: number, read: () => { domain: string; name: string; overload: string }): void {
    const body: LocalFunction = { at, nodes: 0, calls: new Map() };
    this.body = body;
    const { domain, name, overload } = read();
    this.body = null;
    const key = keyOf(domain, name, overload);
    if (this.functions.has(key))
      throw new Rejected(
        'onnx-duplicate',
        `Two functions are called ${JSON.stringify(`${domain}::${name}`.slice(0, 120))}.`,
        at,
      );
    if (this.functions.size >= FUNCTIONS_MAX)
      throw new Rejected(
        'limit-exceeded',
        `The model has more than ${FUNCTIONS_MAX} functions.`,
        at,
      );
    this.functions.set(key, body);
  }

  judge(file: string, report: Report): void {
    const { known, refused, reviewDomains } = operatorFile();
    for (const [key, { domain, operator, at }] of this.uses) {
      const symbol = `${domain}::${operator}`;
      const listed = known.get(domain === 'ai.onnx' ? '' : domain);
      if (Object.hasOwn(refused, operator))
        report.add('onnx-operator-blocked', {
          file,
          offset: at,
          symbol,
          why: `The operator ${refused[operator]}.`,
        });
      else if (this.functions.has(key) || listed?.has(operator) === true) continue;
      else if (listed !== undefined || reviewDomains.includes(domain))
        report.add('onnx-operator-review', { file, offset: at, symbol });
      else
        report.add('onnx-operator-blocked', {
          file,
          offset: at,
          symbol,
          why: 'The operator belongs to no known domain and the model does not define it: a library that is not part of the upload would have to.',
        });
    }
    const sizes = new Map<string, number>();
    for (const key of this.functions.keys()) this.unfold(key, sizes, 0);
  }

  /**
   * Nodes that a call becomes when functions are replaced by their bodies, which is what loaders
   * do.
   */
  private unfold(key: string, sizes: Map<string, number>, depth: number): number {
    const known = sizes.get(key);
    const body = this.functions.get(key);
    if (body === undefined) return 1;
    if (known === -1 || depth > 1000)
      throw new Rejected(
        'onnx-function',
        'A function calls itself, directly or through others.',
        body.at,
      );
    if (known !== undefined) return known;
    sizes.set(key, -1);
    let nodes = body.nodes;
    for (const [callee, times] of body.calls)
      nodes += times * (this.unfold(callee, sizes, depth + 1) - 1);
    if (nodes > UNFOLDED_NODES_MAX)
      throw new Rejected(
        'onnx-function',
        `A function unfolds into more than ${UNFOLDED_NODES_MAX} nodes.`,
        body.at,
      );
    sizes.set(key, nodes);
    return nodes;
  }
}

function keyOf(domain: string, operator: string, overload: string): string {
  return [domain === 'ai.onnx' ? '' : domain, operator, overload].join(SEPARATOR);
}
