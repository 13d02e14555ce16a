import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';
import type { ScanContext } from '../format.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { tellResolver } from './settings-code.ts';
import { unfoldsTooFar } from './yaml-expansion.ts';
import { isNestedTooDeep } from './yaml-nesting.ts';
import { isPlainPath } from '../containers/member-name.ts';

const CONFIG = 'model_config.yaml';
const ALIASES_MAX = 100;
const NODES_MAX = 500_000;
/**
 * line ends of YAML 1.1, in which NeMo reads, that YAML 1.2 does not know; and the other way round
 */
const OTHER_LINE_ENDS = /\r(?!\n)|[\u0085\u2028\u2029]/;
/** keys that hydra or NeMo take for the name of what to make */
const NAMING = new Set(['_target_', 'target', 'cls']);
const CLASS = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\.[A-Z][A-Za-z0-9_]*$/;
const KNOWN =
  /^(nemo\.(collections|core)|torch\.(nn|optim|utils\.data)|torchmetrics|pytorch_lightning|lightning|omegaconf)\./;

/** A .nemo file is a tar with this file at its top. */
export const isNemo = (names: readonly string[]): boolean => names.includes(CONFIG);

/**
 * Looks for what NeMo makes of its configuration: hydra imports what `_target_` names and calls it.
 * The YAML must be of the kind that all readers read alike, and what it names must be classes of
 * known libraries; an approver looks at those.
 */
export function scanNemoConfig(source: ByteSource, file: string, context: ScanContext): void {
  if (source.size > context.limits.yamlBytes)
    throw new Rejected('limit-exceeded', `A YAML file may have ${context.limits.yamlBytes} bytes.`);
  const text = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(
    Uint8Array.from(source.read(0, source.size)),
  );
  const odd = OTHER_LINE_ENDS.exec(text);
  if (odd !== null)
    throw new Rejected(
      'nemo-config',
      'The file has line ends that some readers of YAML know and others do not.',
      Buffer.byteLength(text.slice(0, odd.index)),
    );
  if (/^%/m.test(text))
    throw new Rejected('nemo-config', 'A YAML directive changes how the file is read.');
  const named = new Names(text, file, context);
  const document = parse(text);
  if (unfoldsTooFar(document))
    throw new Rejected(
      'limit-exceeded',
      'The aliases of the YAML unfold to far more than was written.',
    );
  named.walk(document);
  // whatever another reader could take for a key, this one must have seen as one
  if (text.split('_target_').length - 1 > named.targets)
    throw new Rejected(
      'nemo-config',
      '`_target_` stands where it is no key; another reader could take it for one.',
    );
}

/** Duplicate keys are looked for in the walk: the library compares each key with all others. */
function parse(text: string): Document.Parsed {
  if (isNestedTooDeep(text)) throw new Rejected('limit-exceeded', 'The YAML is nested too deep.');
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { uniqueKeys: false, strict: true, prettyErrors: false });
  } catch (error) {
    throw new Rejected('nemo-config', `The YAML cannot be read: ${(error as Error).message}.`);
  }
  const [fault] = [...document.errors, ...document.warnings];
  if (fault?.code === 'RESOURCE_EXHAUSTION')
    throw new Rejected('limit-exceeded', 'The YAML is nested too deep.');
  if (fault !== undefined)
    throw new Rejected(
      'nemo-config',
      `The YAML is not in order: ${fault.message}`,
      byteAt(text, fault.pos[0]),
    );
  return document;
}

const byteAt = (text: string, index: number | undefined): number | undefined =>
  index === undefined ? undefined : Buffer.byteLength(text.slice(0, index));

/**
 * Walks the tree as it was written: anchors are looked at where they stand, so aliases cost
 * nothing.
 */
class Names {
  targets = 0;
  private nodes = 0;
  private aliases = 0;
  private readonly text: string;
  private readonly file: string;
  private readonly context: ScanContext;

  constructor(text: string, file: string, context: ScanContext) {
    this.text = text;
    this.file = file;
    this.context = context;
  }

  walk(document: Document.Parsed): void {
    const open: { node: unknown; depth: number }[] = [{ node: document.contents, depth: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, depth } = next;
      this.count(node, depth);
      if (isCollection(node) || isScalar(node)) this.refuseTag(node);
      if (isScalar(node)) this.judgeText(node.value);
      if (isSeq(node)) for (const item of node.items) open.push({ node: item, depth: depth + 1 });
      if (isMap(node))
        for (const value of this.values(node)) open.push({ node: value, depth: depth + 1 });
    }
  }

  private count(node: unknown, depth: number): void {
    if (++this.nodes > NODES_MAX)
      throw new Rejected('limit-exceeded', `The YAML has more than ${NODES_MAX} values.`);
    if (depth > this.context.limits.jsonDepth)
      throw new Rejected('limit-exceeded', 'The YAML is nested too deep.');
    if (isAlias(node) && ++this.aliases > ALIASES_MAX)
      throw new Rejected('limit-exceeded', `The YAML has more than ${ALIASES_MAX} aliases.`);
  }

  private values(map: YAMLMap): unknown[] {
    const seen = new Set<string>();
    return map.items.map(({ key, value }) => {
      const at = byteAt(this.text, (key as Node | null)?.range?.[0]);
      if (!isScalar(key)) throw new Rejected('nemo-config', 'A key is not a plain text.', at);
      this.refuseTag(key);
      const name = String(key.value);
      if (seen.has(name))
        throw new Rejected(
          'nemo-config',
          `The key ${JSON.stringify(name.slice(0, 60))} is there twice.`,
          at,
        );
      seen.add(name);
      if (name === '_target_') this.targets++;
      if (NAMING.has(name)) this.judge(name, value, at);
      return value;
    });
  }

  private judge(name: string, value: unknown, offset: number | undefined): void {
    const text = isScalar(value) && typeof value.value === 'string' ? value.value : null;
    // other settings may be called so, as long as they name nothing that could be imported
    if (name !== '_target_' && (text === null || !/[.$]/.test(text))) return;
    const place = { file: this.file, offset, symbol: text ?? name };
    const { report } = this.context;
    if (text === null)
      report.add('nemo-target-blocked', {
        ...place,
        why: 'What is to be made is not named by a plain text.',
      });
    else if (!CLASS.test(text) || !KNOWN.test(text))
      report.add('nemo-target-blocked', {
        ...place,
        why: `Loading the model calls ${text.slice(0, 120)}, which is no class of NeMo, PyTorch or Lightning.`,
      });
    else
      report.add('nemo-target', { ...place, why: `Loading the model makes an object of ${text}.` });
  }

  private judgeText(value: unknown): void {
    if (typeof value !== 'string') return;
    tellResolver(value, this.file, this.context);
    // NeMo joins what follows to the folder that it unpacked the archive to
    const artifact = /^(?:nemo|tarfile):(.*)$/s.exec(value)?.[1];
    if (artifact !== undefined && !isPlainPath(artifact))
      this.context.report.add('nemo-config', {
        file: this.file,
        symbol: value.slice(0, 80),
        why: 'The configuration takes a file from outside of the archive.',
      });
  }

  private refuseTag(node: Node & { tag?: string }): void {
    if (node.tag !== undefined)
      throw new Rejected(
        'nemo-config',
        `The tag ${node.tag} asks the reader to make something of a value.`,
        byteAt(this.text, node.range?.[0]),
      );
  }
}
