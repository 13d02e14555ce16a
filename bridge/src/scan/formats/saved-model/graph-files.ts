import type { ScanContext } from '../../format.ts';
import { ProtoReader, type ProtoField, type Range } from '../../protobuf/reader.ts';
import type { ByteSource } from '../../source.ts';
import { readGraphAlone, readMetaGraph } from './meta-graph.ts';
import { isOf, type Note } from './notes.ts';
import { Operators } from './operators.ts';
import { tensorflowMessage, type SavedModelWalk } from './walk.ts';

/** both messages begin with their first field, which is another message */
const FIRST_TAG = 0x0a;
const OUTLINE_MAX_FIELDS = 1_000_000;

/**
 * Graphs outside of a SavedModel: one with its variables frozen into it (.pb), and the one beside a
 * checkpoint of TensorFlow 1 (.meta).
 */
export const GRAPHS: readonly Note[] = [
  {
    id: 'tensorflow-graph',
    isIt: (source, head) => hasAll(source, head, 'GraphDef', ['node']),
    scan: (source, file, context) => readGraphAlone(walkOf(source, file, context), whole(source)),
  },
  {
    id: 'tensorflow-meta-graph',
    isIt: (source, head) => hasAll(source, head, 'MetaGraphDef', ['meta_info_def', 'graph_def']),
    scan: (source, file, context) => readMetaGraph(walkOf(source, file, context), whole(source)),
  },
];

function hasAll(source: ByteSource, head: Uint8Array, message: string, fields: string[]): boolean {
  if (head[0] !== FIRST_TAG) return false;
  const found = new ProtoReader(source, 1).outline(tensorflowMessage(message), OUTLINE_MAX_FIELDS);
  return found !== null && fields.every((field) => found.has(field)) && isOf(source, message);
}

const walkOf = (source: ByteSource, file: string, context: ScanContext): SavedModelWalk => ({
  reader: new ProtoReader(source, context.limits.protobufDepth),
  file,
  context,
  operators: new Operators(),
});

const whole = (source: ByteSource): Range & Pick<ProtoField, 'at'> => ({
  at: 0,
  start: 0,
  end: source.size,
});
