import type { Format, ScanContext } from '../format.ts';
import { ProtoReader, type ProtoField } from '../protobuf/reader.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { readMetaGraph } from './saved-model/meta-graph.ts';
import { GRAPHS } from './saved-model/graph-files.ts';
import { NOTES } from './saved-model/notes.ts';
import { Operators } from './saved-model/operators.ts';
import { tensorflowMessage, type SavedModelWalk } from './saved-model/walk.ts';

/**
 * the first field, saved_model_schema_version, which every writer puts first; no pickle begins with
 * this byte
 */
const FIRST_TAG = 0x08;
const SCHEMA_VERSION = 1n;
const OUTLINE_MAX_FIELDS = 10_000;
const BESIDE = [...NOTES, ...GRAPHS];

/**
 * https://www.tensorflow.org/guide/saved_model: saved_model.pb and the notes beside it, and graphs
 * by themselves. They have no marks; they are known by their outermost fields, which tile them
 * exactly.
 */
export const savedModel: Format = {
  id: 'saved-model',
  title: 'a TensorFlow SavedModel',
  extensions: ['pb'],
  sniff: (source, head) =>
    isSavedModel(source, head) || BESIDE.some((note) => note.isIt(source, head)),
  scan: (source, file, context) => {
    const note = BESIDE.find(({ isIt }) => isIt(source, Uint8Array.from(source.read(0, 1))));
    if (note === undefined) return scanSavedModel(source, file, context);
    context.report.formats[file] = note.id;
    note.scan(source, file, context);
  },
};

function isSavedModel(source: ByteSource, head: Uint8Array): boolean {
  if (head[0] !== FIRST_TAG || head[1] !== Number(SCHEMA_VERSION)) return false;
  return (
    new ProtoReader(source, 1)
      .outline(tensorflowMessage('SavedModel'), OUTLINE_MAX_FIELDS)
      ?.has('meta_graphs') === true
  );
}

function scanSavedModel(source: ByteSource, file: string, context: ScanContext): void {
  const reader = new ProtoReader(source, context.limits.protobufDepth);
  let graphs = 0;
  reader.read({ start: 0, end: source.size }, tensorflowMessage('SavedModel'), {
    saved_model_schema_version: ({ value, at }) => {
      if (value !== SCHEMA_VERSION)
        throw new Rejected(
          'tensorflow-structure',
          `Version ${value} of the format is unknown.`,
          at,
        );
    },
    meta_graphs: (field: ProtoField) => {
      const walk: SavedModelWalk = { reader, file, context, operators: new Operators() };
      readMetaGraph(walk, field);
      graphs += 1;
    },
  });
  if (graphs === 0) throw new Rejected('tensorflow-structure', 'The model has no graph.', 0);
}
