import type { ScanContext } from '../../format.ts';
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

let messages: Messages | undefined;

/** https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export function onnxMessage(name: string): MessageShape {
  messages ??= readMessages('onnx-messages.json');
  return messages.of(name);
}

/** Reads one entry of a list of keys and values; a key that stands twice is refused. */
export function readPair({ reader }: OnnxWalk, field: ProtoField, pairs: Map<string, string>, rule: 'onnx-duplicate' | 'onnx-external-data', maxValueBytes?: number): void {
  let [key, value] = ['', ''];
  reader.read(field, onnxMessage('StringStringEntryProto'), {
    key: (text) => void (key = reader.text(text)),
    value: (text) => void (value = maxValueBytes === 0 ? '' : reader.text(text, maxValueBytes)),
  });
  if (pairs.has(key)) throw new Rejected(rule, `The key ${JSON.stringify(key.slice(0, 80))} stands twice; readers differ in which one they take.`, field.at);
  pairs.set(key, value);
}

/** Notes a name of which there may be one. */
export function takeName(names: Set<string>, name: string, what: string, at: number): void {
  if (names.has(name)) throw new Rejected('onnx-duplicate', `Two ${what} are called ${JSON.stringify(name.slice(0, 120))}.`, at);
  names.add(name);
}
