import type { ScanContext } from '../../format.ts';
import { readMessages, type MessageShape, type Messages } from '../../protobuf/messages.ts';
import type { ProtoReader } from '../../protobuf/reader.ts';
import type { Operators } from './operators.ts';

/** What is at hand on the walk through one SavedModel. */
export interface SavedModelWalk {
  readonly reader: ProtoReader;
  readonly file: string;
  readonly context: ScanContext;
  readonly operators: Operators;
}

let messages: Messages | undefined;

/**
 * https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf and
 * …/core/framework
 */
export function tensorflowMessage(name: string): MessageShape {
  messages ??= readMessages('tensorflow-messages.json');
  return messages.of(name);
}
