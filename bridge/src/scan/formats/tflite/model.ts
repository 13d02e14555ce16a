import type { FlatbufferReader } from '../../flatbuffers/reader.ts';
import type { Tables } from '../../flatbuffers/tables.ts';
import type { Report } from '../../report.ts';
import type { ByteSource } from '../../source.ts';

/** The file that a model is read from. */
export interface TfliteFile {
  readonly reader: FlatbufferReader;
  readonly tables: Tables;
  readonly source: ByteSource;
  readonly file: string;
  readonly report: Report;
}

/** What its parts refer to. */
export interface TfliteModel extends TfliteFile {
  readonly operatorCodes: readonly string[];
  readonly buffers: readonly BufferPlace[];
  /** of each subgraph: how many tensors */
  readonly tensors: readonly number[];
}

/** Where the data of a buffer are. */
export interface BufferPlace {
  readonly at: number;
  readonly bytes: number;
}
