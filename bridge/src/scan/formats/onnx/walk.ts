import type { ScanContext } from '../../format.ts';
import { isPackedPickle, isPickle } from '../../pickle/embedded.ts';
import { readMessages, type MessageShape, type Messages } from '../../protobuf/messages.ts';
import type { ProtoField, ProtoReader } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import type { Operators } from './operators.ts';

/** What is at hand on the walk through one ONNX model. */
export interface OnnxWalk {
  readonly reader: ProtoReader;
  readonly file: string;
  readonly context: ScanContext;
  readonly operators: Operators;
}

/** of the shortest pickle that does something */
const PICKLE_MIN_BYTES = 8;
let messages: Messages | undefined;

/** https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export function onnxMessage(name: string): MessageShape {
  messages ??= readMessages('onnx-messages.json');
  return messages.of(name);
}

/** A list of keys and values while it is read. */
interface PairList {
  readonly pairs: Map<string, string>;
  /** the rule that refuses a key that stands twice */
  readonly duplicate: 'onnx-duplicate' | 'onnx-external-data';
  readonly maxValueBytes?: number;
}

/** Reads one entry of a list. */
export function readPair(
  walk: OnnxWalk,
  field: ProtoField,
  { pairs, duplicate, maxValueBytes }: PairList,
): void {
  const { reader } = walk;
  let [key, value] = ['', ''];
  let content: ProtoField | null = null;
  reader.read(field, onnxMessage('StringStringEntryProto'), {
    key: (text) => void (key = reader.text(text)),
    value: (text) => {
      value = maxValueBytes === 0 ? '' : reader.text(text, maxValueBytes);
      content = text;
    },
  });
  if (pairs.has(key))
    throw new Rejected(
      duplicate,
      `The key ${JSON.stringify(key.slice(0, 80))} stands twice; readers differ in which one they take.`,
      field.at,
    );
  if (content !== null) tellEmbedded(walk, content, key);
  pairs.set(key, value);
}

/** Notes of exporters, at any part of the model, which nobody acts on. */
export const noteReader =
  (walk: OnnxWalk) =>
  (pair: ProtoField): void =>
    readPair(walk, pair, { pairs: new Map(), duplicate: 'onnx-duplicate', maxValueBytes: 0 });

/**
 * A pickle among texts or numbers, as it is or packed: no loader of ONNX reads it, another program
 * would.
 */
export function tellEmbedded(
  { reader, file, context }: OnnxWalk,
  { start, end }: ProtoField,
  symbol: string,
): void {
  if (
    end - start >= PICKLE_MIN_BYTES &&
    (isPickle(reader.source, start, end - start) ||
      isPackedPickle(reader.source, start, end - start))
  )
    context.report.add('pickle-embedded', { file, offset: start, symbol });
}

/** Notes a name of which there may be one. */
export function takeName(names: Set<string>, name: string, what: string, at: number): void {
  if (names.has(name))
    throw new Rejected(
      'onnx-duplicate',
      `Two ${what} are called ${JSON.stringify(name.slice(0, 120))}.`,
      at,
    );
  names.add(name);
}
