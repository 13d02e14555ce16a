import type { ScanContext } from '../../format.ts';
import { ProtoReader } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import type { ByteSource } from '../../source.ts';
import { checkKerasConfig } from './keras-config.ts';
import { tensorflowMessage } from './walk.ts';

/** A file of TensorFlow that is no saved_model.pb. */
export interface Note {
  id: string;
  isIt(source: ByteSource, head: Uint8Array): boolean;
  scan(source: ByteSource, file: string, context: ScanContext): void;
}

const CONFIG_MAX_BYTES = 16 * 1024 * 1024;
const OUTLINE_MAX_FIELDS = 1_000_000;
/** tags that such files begin with */
const NODES_TAG = 0x0a;
const CHECKSUM_TAG = 0x08;

/**
 * keras_metadata.pb, in which Keras 2 keeps what it would build the layers from, and
 * fingerprint.pb, a few checksums.
 */
export const NOTES: readonly Note[] = [
  {
    id: 'keras-metadata',
    isIt: (source, head) => head[0] === NODES_TAG && isOf(source, 'KerasSavedMetadata'),
    scan: (source, file, context) => {
      const reader = new ProtoReader(source, context.limits.protobufDepth);
      reader.read({ start: 0, end: source.size }, tensorflowMessage('KerasSavedMetadata'), {
        nodes: (node) =>
          reader.read(node, tensorflowMessage('KerasSavedObject'), {
            metadata: (text) =>
              void (
                text.end > text.start &&
                checkKerasConfig(reader.bytes(text, CONFIG_MAX_BYTES), text.start, file, context)
              ),
          }),
      });
    },
  },
  {
    id: 'tensorflow-fingerprint',
    isIt: (source, head) => head[0] === CHECKSUM_TAG && isOf(source, 'FingerprintDef'),
    scan: (source, _file, context) =>
      new ProtoReader(source, context.limits.protobufDepth).read(
        { start: 0, end: source.size },
        tensorflowMessage('FingerprintDef'),
      ),
  },
];

/** Reads it as a whole: the first bytes alone would fit other files, even text. */
export function isOf(source: ByteSource, message: string): boolean {
  const shape = tensorflowMessage(message);
  const reader = new ProtoReader(source, 100);
  if (reader.outline(shape, OUTLINE_MAX_FIELDS) === null) return false;
  try {
    reader.read({ start: 0, end: source.size }, shape);
    return true;
  } catch (error) {
    if (error instanceof Rejected) return false;
    throw error;
  }
}
