import type { ProtoField, Range } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import { isListed } from './operators.ts';
import { tensorflowMessage, type SavedModelWalk } from './walk.ts';

/** A node that has to do with file names, or calls a function. */
export interface GraphNode {
  op: string;
  inputs: string[];
  at: number;
  /** functions that its attributes name */
  functions: string[];
  /** of a constant: its texts; null when they are not plain ones */
  texts: string[] | null;
  /** of a variable: the name under which programs share it */
  shared: string;
}

/** A graph, or the body of a function, as far as file names go through it. */
export interface Graph {
  name: string;
  /** of a function: the names of its arguments */
  args: string[];
  nodes: Map<string, GraphNode>;
  at: number;
}

/** Nodes through which a file name can go; `isListed` nodes of other kinds are not remembered. */
const REMEMBERED = new Set([
  'Const',
  'Placeholder',
  'PlaceholderV2',
  'PlaceholderWithDefault',
  'Identity',
  'StringJoin',
  'Select',
  'SelectV2',
  'Pack',
  'ShardedFilename',
  'SaveV2',
  'RestoreV2',
  'MergeV2Checkpoints',
  'InitializeTableFromTextFile',
  'InitializeTableFromTextFileV2',
  'VarHandleOp',
  'ReadVariableOp',
  'AssignVariableOp',
  'ResourceScatterUpdate',
  'ResourceScatterNdUpdate',
  'ResourceStridedSliceAssign',
  'PartitionedCall',
  'StatefulPartitionedCall',
  'If',
  'StatelessIf',
  'Case',
  'StatelessCase',
  'While',
  'StatelessWhile',
  'For',
]);
const PRINTED_TO_FILE = /^file:\/\//i;
/** texts of a constant that could be a part of a file name */
const TEXT_MAX_BYTES = 4096;
const TEXTS_MAX = 64;

/** GraphDef: the graph itself; its functions are given to `onFunction`. */
export function readGraph(
  walk: SavedModelWalk,
  field: Range & Pick<ProtoField, 'at'>,
  onFunction: (graph: Graph) => void,
): Graph {
  const graph: Graph = { name: '', args: [], nodes: new Map(), at: field.at };
  const names = new Set<string>();
  walk.reader.read(field, tensorflowMessage('GraphDef'), {
    node: (node) => readNode(walk, node, graph, names),
    library: (library) =>
      walk.reader.read(library, tensorflowMessage('FunctionDefLibrary'), {
        function: (definition) => onFunction(readFunction(walk, definition)),
        gradient: (entry) => readNames(walk, entry, 'GradientDef', ['gradient_func']),
        registered_gradients: (entry) =>
          readNames(walk, entry, 'RegisteredGradient', ['gradient_func']),
      }),
  });
  return graph;
}

function readFunction(walk: SavedModelWalk, field: ProtoField): Graph {
  const { reader } = walk;
  const graph: Graph = { name: '', args: [], nodes: new Map(), at: field.at };
  const names = new Set<string>();
  reader.read(field, tensorflowMessage('FunctionDef'), {
    signature: (signature) =>
      reader.read(signature, tensorflowMessage('OpDef'), {
        name: (text) => void (graph.name = reader.text(text)),
        input_arg: (arg) =>
          reader.read(arg, tensorflowMessage('OpDef.ArgDef'), {
            name: (text) => void graph.args.push(reader.text(text)),
          }),
      }),
    node_def: (node) => readNode(walk, node, graph, names),
    attr: (value) => readAttribute(walk, value, null),
  });
  return graph;
}

function readNode(walk: SavedModelWalk, field: ProtoField, graph: Graph, names: Set<string>): void {
  const { reader, operators } = walk;
  const node: GraphNode = {
    op: '',
    inputs: [],
    at: field.at,
    functions: [],
    texts: [],
    shared: '',
  };
  let name = '';
  let stream = '';
  reader.read(field, tensorflowMessage('NodeDef'), {
    name: (text) => void (name = reader.text(text)),
    op: (text) => void (node.op = reader.text(text)),
    input: (text) => void node.inputs.push(reader.text(text)),
    attr: (value) => {
      const text = (take: (text: string) => void): void =>
        reader.read(value, tensorflowMessage('AttrValue'), {
          s: (bytes) => take(reader.text(bytes)),
          placeholder: refusePlaceholder,
        });
      if (value.key === 'output_stream') text((found) => void (stream = found));
      else if (value.key === 'shared_name') text((found) => void (node.shared = found));
      else readAttribute(walk, value, node);
    },
  });
  if (names.has(name))
    throw new Rejected(
      'tensorflow-duplicate',
      `Two nodes are called ${JSON.stringify(name.slice(0, 120))}.`,
      field.at,
    );
  names.add(name);
  if (node.shared === '') node.shared = name;
  operators.call(node.op, field.at);
  if (PRINTED_TO_FILE.test(stream))
    walk.context.report.add('tensorflow-operator', {
      file: walk.file,
      offset: field.at,
      symbol: node.op,
      evidence: stream,
      why: 'The operator prints into a file.',
    });
  if (REMEMBERED.has(node.op) || !isListed(node.op) || node.functions.length > 0)
    graph.nodes.set(name, node);
}

/** AttrValue, with all functions that it names, however deep. */
function readAttribute(walk: SavedModelWalk, field: ProtoField, node: GraphNode | null): void {
  const { reader, operators } = walk;
  const func = (value: ProtoField): void =>
    reader.read(value, tensorflowMessage('NameAttrList'), {
      name: (text) => {
        const name = reader.text(text);
        operators.call(name, text.at);
        node?.functions.push(name);
      },
      attr: (inner) => readAttribute(walk, inner, node),
    });
  const texts = (value: ProtoField): void =>
    reader.read(value, tensorflowMessage('TensorProto'), {
      string_val: (bytes) => {
        if (node === null || node.texts === null) return;
        if (bytes.end - bytes.start > TEXT_MAX_BYTES || node.texts.length >= TEXTS_MAX)
          node.texts = null;
        else node.texts.push(reader.text(bytes));
      },
      tensor_content: () => void (node !== null && (node.texts = null)),
    });
  reader.read(field, tensorflowMessage('AttrValue'), {
    func,
    tensor: texts,
    placeholder: refusePlaceholder,
    list: (list) => reader.read(list, tensorflowMessage('AttrValue.ListValue'), { func }),
  });
}

/**
 * A value that the caller of a function would fill in: no library writes it into models, and nobody
 * could follow it.
 */
function refusePlaceholder({ at }: ProtoField): never {
  throw new Rejected(
    'tensorflow-structure',
    'An attribute is left for the caller of a function to fill in.',
    at,
  );
}

/** Names of functions in other places than nodes. */
function readNames(
  { reader, operators }: SavedModelWalk,
  field: ProtoField,
  message: string,
  fields: string[],
): void {
  reader.read(
    field,
    tensorflowMessage(message),
    Object.fromEntries(
      fields.map((name) => [
        name,
        (text: ProtoField) => operators.call(reader.text(text), text.at),
      ]),
    ),
  );
}
