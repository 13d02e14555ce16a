export interface BodyReader {
  data(chunk: Buffer): void;
  end(): void;
  gone(): void;
}
/**
 * A body on its way in. A chunk is the reader's until `data` returns, or until `resume` where it
 * has called `pause`.
 */
export interface BodySource {
  start(reader: BodyReader): void;
  pause(): void;
  resume(): void;
  stop(): void;
}
