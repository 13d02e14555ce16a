import type { ProtoField } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import { readSparseTensor } from './sparse-tensor.ts';
import { readTensor } from './tensor.ts';
import { noteReader, onnxMessage, readPair, takeName, type OnnxWalk } from './walk.ts';

/** AttributeProto.AttributeType → the field that holds such an attribute */
const HOLDERS = new Map<bigint, string>([
  [1n, 'f'],
  [2n, 'i'],
  [3n, 's'],
  [4n, 't'],
  [5n, 'g'],
  [11n, 'sparse_tensor'],
  [13n, 'tp'],
  [6n, 'floats'],
  [7n, 'ints'],
  [8n, 'strings'],
  [9n, 'tensors'],
  [10n, 'graphs'],
  [12n, 'sparse_tensors'],
  [14n, 'type_protos'],
]);

/** One GraphProto: a model's, a branch's, a loop's. */
export function readGraph(walk: OnnxWalk, field: ProtoField): void {
  const initializers = new Set<string>();
  const annotated = new Set<string>();
  walk.reader.read(field, onnxMessage('GraphProto'), {
    node: (node) => readNode(walk, node),
    initializer: (tensor) =>
      takeName(initializers, readTensor(walk, tensor).name, 'initializers', tensor.at),
    sparse_initializer: (tensor) =>
      takeName(initializers, readSparseTensor(walk, tensor), 'initializers', tensor.at),
    quantization_annotation: (annotation) => readAnnotation(walk, annotation, annotated),
    metadata_props: noteReader(walk),
  });
}

/** One FunctionProto: a body that nodes call by its name. */
export function readFunction(walk: OnnxWalk, field: ProtoField): void {
  const { reader } = walk;
  walk.operators.define(field.at, () => {
    const called = { domain: '', name: '', overload: '' };
    const take =
      (part: keyof typeof called) =>
      (text: ProtoField): void =>
        void (called[part] = reader.text(text));
    reader.read(field, onnxMessage('FunctionProto'), {
      name: take('name'),
      domain: take('domain'),
      overload: take('overload'),
      node: (node) => readNode(walk, node),
      attribute_proto: (attribute) => void readAttribute(walk, attribute),
      opset_import: importReader(walk),
      metadata_props: noteReader(walk),
    });
    return called;
  });
}

/**
 * Reads the entries of an opset_import. Converters do name a domain twice; what matters is that
 * both say one version.
 */
export function importReader({ reader }: OnnxWalk): (field: ProtoField) => void {
  const versions = new Map<string, bigint>();
  return (field) => {
    let [domain, version] = ['', 0n];
    reader.read(field, onnxMessage('OperatorSetIdProto'), {
      domain: (text) => void (domain = reader.text(text)),
      version: ({ value }) => void (version = value),
    });
    if (domain === 'ai.onnx') domain = '';
    if ((versions.get(domain) ?? version) !== version)
      throw new Rejected(
        'onnx-duplicate',
        `Two versions of the operators of ${JSON.stringify(domain.slice(0, 80))} are imported.`,
        field.at,
      );
    versions.set(domain, version);
  };
}

function readNode(walk: OnnxWalk, field: ProtoField): void {
  const { reader } = walk;
  const called = { op_type: '', domain: '', overload: '' };
  const take =
    (part: keyof typeof called) =>
    (text: ProtoField): void =>
      void (called[part] = reader.text(text));
  const attributes = new Set<string>();
  reader.read(field, onnxMessage('NodeProto'), {
    op_type: take('op_type'),
    domain: take('domain'),
    overload: take('overload'),
    metadata_props: noteReader(walk),
    attribute: (attribute) =>
      takeName(attributes, readAttribute(walk, attribute), 'attributes of one node', attribute.at),
  });
  walk.operators.call(called.domain, called.op_type, called.overload, field.at);
}

function readAttribute(walk: OnnxWalk, field: ProtoField): string {
  const { reader } = walk;
  let [name, type, reference] = ['', 0n, false];
  const held = new Set<string>();
  const hold =
    (read?: (value: ProtoField) => void) =>
    (value: ProtoField): void => {
      held.add(value.shape.name);
      read?.(value);
    };
  const tensor = hold((value) => void readTensor(walk, value));
  const sparse = hold((value) => void readSparseTensor(walk, value));
  const graph = hold((value) => readGraph(walk, value));
  const types = hold((value) => reader.read(value, onnxMessage('TypeProto')));
  reader.read(field, onnxMessage('AttributeProto'), {
    name: (text) => void (name = reader.text(text)),
    type: ({ value }) => void (type = value),
    ref_attr_name: () => void (reference = true),
    f: hold(),
    i: hold(),
    s: hold(),
    floats: hold(),
    ints: hold(),
    strings: hold(),
    t: tensor,
    tensors: tensor,
    sparse_tensor: sparse,
    sparse_tensors: sparse,
    g: graph,
    graphs: graph,
    tp: types,
    type_protos: types,
  });
  const holder = HOLDERS.get(type);
  const foreign = [...held].find((each) => each !== holder);
  if (holder === undefined)
    throw new Rejected(
      'onnx-attribute',
      `Attribute ${JSON.stringify(name.slice(0, 80))} is of the type ${type}, which is none.`,
      field.at,
    );
  if (foreign !== undefined || (reference && held.size > 0)) {
    throw new Rejected(
      'onnx-attribute',
      `Attribute ${JSON.stringify(name.slice(0, 80))} holds ${foreign ?? holder} besides what its type says.`,
      field.at,
    );
  }
  return name;
}

function readAnnotation(walk: OnnxWalk, field: ProtoField, annotated: Set<string>): void {
  const pairs = new Map<string, string>();
  let name = '';
  walk.reader.read(field, onnxMessage('TensorAnnotation'), {
    tensor_name: (text) => void (name = walk.reader.text(text)),
    quant_parameter_tensor_names: (pair) =>
      readPair(walk, pair, { pairs, duplicate: 'onnx-duplicate' }),
  });
  takeName(annotated, name, 'quantization annotations', field.at);
}
