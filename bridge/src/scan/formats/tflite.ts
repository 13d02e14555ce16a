import { FlatbufferReader, type TableAt } from '../flatbuffers/reader.ts';
import { Tables } from '../flatbuffers/tables.ts';
import type { Format, ScanContext } from '../format.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { readBuffers } from './tflite/buffers.ts';
import { readLabels } from './tflite/labels.ts';
import type { TfliteFile, TfliteModel } from './tflite/model.ts';
import { readOperatorCodes } from './tflite/operators.ts';
import { readSubgraph } from './tflite/subgraph.ts';

const MARK = [0x54, 0x46, 0x4c, 0x33];
const MARK_AT = 4;
const VERSION = 3;
/**
 * the outermost table is written last, which is at the front; no pickle begins with such an offset
 */
const ROOT_MAX = 0xffff;
let tables: Tables | undefined;

/**
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs,
 * a flatbuffer marked TFL3.
 */
export const tflite: Format = {
  id: 'tflite',
  title: 'a TensorFlow Lite model',
  extensions: ['tflite'],
  sniff: (_source, head) => MARK.every((byte, i) => head[MARK_AT + i] === byte),
  scan: scanTflite,
};

function scanTflite(source: ByteSource, file: string, context: ScanContext): void {
  tables ??= new Tables('tflite-tables.json');
  if (
    source.size < MARK_AT + MARK.length ||
    Buffer.from(source.read(0, 4)).readUInt32LE() > ROOT_MAX
  )
    throw new Rejected('tflite-structure', 'The model does not begin at the front of the file.', 0);
  const reader = new FlatbufferReader(
    source,
    tables,
    'tflite-structure',
    context.limits.protobufDepth,
  );
  const root = reader.root('Model', MARK.length);
  if (reader.number(root, 'version') !== VERSION)
    throw new Rejected('tflite-structure', 'Only version 3 of the format is known.', root.at);
  if (
    reader.list(root, 'external_buffers').length +
      reader.list(root, 'external_buffer_groups').length >
    0
  )
    context.report.add('tflite-external-buffer', { file, offset: root.at });
  const opened: TfliteFile = { reader, tables, source, file, report: context.report };
  const operatorCodes = readOperatorCodes(opened, root);
  const buffers = readBuffers(opened, root);
  const subgraphs = [...reader.each(root, 'subgraphs')];
  const model: TfliteModel = {
    ...opened,
    operatorCodes,
    buffers,
    tensors: subgraphs.map((graph) => reader.list(graph, 'tensors').length),
  };
  for (const [i, graph] of subgraphs.entries()) readSubgraph(model, graph, i);
  checkNames(model, root);
  readLabels(model, root, context);
  reader.checkOwners();
}

/** Metadata names buffers; signatures name subgraphs and their tensors. */
function checkNames(model: TfliteModel, root: TableAt): void {
  const { reader, buffers } = model;
  for (const entry of reader.each(root, 'metadata'))
    if (reader.number(entry, 'buffer') >= buffers.length)
      wrong('An entry of the metadata names a buffer that is not there.', entry);
  for (const buffer of reader.numbers(root, 'metadata_buffer'))
    if (buffer < 0 || buffer >= buffers.length)
      wrong('The metadata name a buffer that is not there.', root);
  const keys = new Set<string>();
  for (const signature of reader.each(root, 'signature_defs')) {
    const key = reader.text(signature, 'signature_key') ?? '';
    if (keys.has(key))
      throw new Rejected(
        'tflite-structure',
        `Two signatures are called ${JSON.stringify(key.slice(0, 80))}.`,
        signature.at,
      );
    keys.add(key);
    checkSignature(model, signature);
  }
}

function checkSignature({ reader, tensors }: TfliteModel, signature: TableAt): void {
  const count =
    tensors[reader.number(signature, 'subgraph_index')] ??
    wrong('A signature names a subgraph that is not there.', signature);
  for (const side of ['inputs', 'outputs']) {
    for (const entry of reader.each(signature, side))
      if (reader.number(entry, 'tensor_index') >= count)
        wrong('A signature names a tensor that is not there.', entry);
  }
}

function wrong(why: string, { at }: TableAt): never {
  throw new Rejected('tflite-reference', why, at);
}
