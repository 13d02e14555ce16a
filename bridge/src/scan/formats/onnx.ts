import type { Format, ScanContext } from '../format.ts';
import { ProtoReader } from '../protobuf/reader.ts';
import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { importReader, readFunction, readGraph } from './onnx/graph.ts';
import { Operators } from './onnx/operators.ts';
import { onnxMessage, readPair, type OnnxWalk } from './onnx/walk.ts';

/** the first field, ir_version, which every writer puts first; no pickle begins with this byte */
const FIRST_TAG = 0x08;
const OUTLINE_MAX_FIELDS = 100_000;
/** ONNX Runtime takes options of the session from it where the environment allows that */
const SESSION_CONFIG = 'ort_config';

/**
 * https://onnx.ai/onnx/repo-docs/IR.html. A file has no mark; it is known by its outermost fields,
 * which tile it exactly.
 */
export const onnx: Format = {
  id: 'onnx',
  title: 'an ONNX model',
  extensions: ['onnx'],
  sniff: (source, head) => {
    if (head[0] !== FIRST_TAG) return false;
    const outline = new ProtoReader(source, 1).outline(
      onnxMessage('ModelProto'),
      OUTLINE_MAX_FIELDS,
    );
    return outline !== null && outline.has('ir_version') && outline.has('graph');
  },
  scan: scanOnnx,
};

function scanOnnx(source: ByteSource, file: string, context: ScanContext): void {
  const reader = new ProtoReader(source, context.limits.protobufDepth);
  const walk: OnnxWalk = { reader, file, context, operators: new Operators() };
  const metadata = new Map<string, string>();
  let hasGraph = false;
  if (Uint8Array.from(source.read(0, 1))[0] !== FIRST_TAG)
    throw new Rejected(
      'onnx-structure',
      'The file does not begin with the version of the format, as every ONNX model does.',
      0,
    );
  reader.read({ start: 0, end: source.size }, onnxMessage('ModelProto'), {
    graph: (graph) => {
      hasGraph = true;
      readGraph(walk, graph);
    },
    functions: (field) => readFunction(walk, field),
    opset_import: importReader(walk),
    training_info: (field) =>
      reader.read(field, onnxMessage('TrainingInfoProto'), {
        initialization: (graph) => readGraph(walk, graph),
        algorithm: (graph) => readGraph(walk, graph),
      }),
    metadata_props: (pair) => {
      readPair(walk, pair, { pairs: metadata, duplicate: 'onnx-duplicate', maxValueBytes: 0 });
      if (metadata.has(SESSION_CONFIG))
        context.report.add('onnx-session-config', {
          file,
          offset: pair.at,
          symbol: SESSION_CONFIG,
        });
    },
  });
  walk.operators.judge(file, context.report);
  if (!hasGraph) throw new Rejected('onnx-structure', 'The model has no graph.', 0);
}
