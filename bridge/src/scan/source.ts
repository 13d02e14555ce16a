import crypto from 'node:crypto';
import fs from 'node:fs';

/**
 * Bytes that can be read at any place. `read` gives exactly `length` bytes; asking beyond the end
 * is a fault of the caller.
 */
export interface ByteSource {
  readonly size: number;
  /** The answer may be a view that the next `read` overwrites. */
  read(offset: number, length: number): Uint8Array;
  /**
   * Calls `each` with that part's bytes in order; each chunk is a view that is valid during the
   * call.
   */
  stream(offset: number, length: number, each: (chunk: Uint8Array) => void): void;
}

const WINDOW_BYTES = 256 * 1024;
const STREAM_BYTES = 1024 * 1024;

interface Window {
  readonly bytes: Buffer;
  start: number;
  length: number;
}

const emptyWindow = (): Window => ({
  bytes: Buffer.allocUnsafeSlow(WINDOW_BYTES),
  start: 0,
  length: 0,
});
const holds = ({ start, length: held }: Window, offset: number, length: number): boolean =>
  offset >= start && offset + length <= start + held;

/**
 * A file on disk behind two windows, so that many small reads near each other cost one system call,
 * also where they go back and forth between a directory at the end and what it lists. Its SHA-256
 * is taken of what is streamed anyhow; what nobody streamed is read for it at the end.
 */
export class FileSource implements ByteSource {
  readonly size: number;
  private readonly descriptor: number;
  private window = emptyWindow();
  private other: Window | undefined;
  private readonly sha256 = crypto.createHash('sha256');
  /** bytes from the beginning that `sha256` has seen */
  private hashed = 0;

  constructor(path: string) {
    // O_NOFOLLOW: what is judged is the file itself, never what a link points to
    this.descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    const stat = fs.fstatSync(this.descriptor);
    if (!stat.isFile()) {
      fs.closeSync(this.descriptor);
      throw new Error(`${path} is not a regular file.`);
    }
    this.size = stat.size;
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    if (length > WINDOW_BYTES) return this.fill(Buffer.allocUnsafeSlow(length), offset);
    if (!holds(this.window, offset, length)) this.look(offset, length);
    const start = offset - this.window.start;
    return this.window.bytes.subarray(start, start + length);
  }

  /** Turns to the other window, and moves that one when it does not hold the bytes either. */
  private look(offset: number, length: number): void {
    [this.window, this.other] = [this.other ?? emptyWindow(), this.window];
    if (holds(this.window, offset, length)) return;
    this.window.length = 0;
    const filled = this.fill(
      this.window.bytes.subarray(0, Math.min(WINDOW_BYTES, this.size - offset)),
      offset,
    );
    this.window.start = offset;
    this.window.length = filled.length;
  }

  stream(offset: number, length: number, each: (chunk: Uint8Array) => void): void {
    checkRange(this, offset, length);
    if (this.hashed < offset) this.hash(this.hashed, offset - this.hashed);
    this.hash(offset, length, each);
  }

  /** `sha256:<hex>` of the whole file; to be asked once, at the end. */
  digest(): string {
    this.hash(this.hashed, this.size - this.hashed);
    return `sha256:${this.sha256.digest('hex')}`;
  }

  private hash(offset: number, length: number, each?: (chunk: Uint8Array) => void): void {
    const buffer = Buffer.allocUnsafeSlow(Math.min(STREAM_BYTES, length));
    for (let at = offset; at < offset + length; at += buffer.length) {
      const chunk = this.fill(
        buffer.subarray(0, Math.min(buffer.length, offset + length - at)),
        at,
      );
      if (at <= this.hashed && this.hashed < at + chunk.length) {
        this.sha256.update(chunk.subarray(this.hashed - at));
        this.hashed = at + chunk.length;
      }
      each?.(chunk);
    }
  }

  close(): void {
    fs.closeSync(this.descriptor);
  }

  private fill(target: Buffer, offset: number): Buffer {
    let done = 0;
    while (done < target.length) {
      const got = fs.readSync(this.descriptor, target, done, target.length - done, offset + done);
      if (got === 0) throw new Error('The file became shorter while it was read.');
      done += got;
    }
    return target;
  }
}

/** Bytes in memory. */
export class BufferSource implements ByteSource {
  readonly size: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.size = bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    return this.bytes.subarray(offset, offset + length);
  }

  stream(offset: number, length: number, each: (chunk: Uint8Array) => void): void {
    if (length > 0) each(this.read(offset, length));
  }
}

/** A part of another source: a stored member of a zip, the data behind a header. */
export class SliceSource implements ByteSource {
  readonly size: number;
  private readonly base: ByteSource;
  private readonly start: number;

  constructor(base: ByteSource, start: number, size: number) {
    checkRange(base, start, size);
    this.base = base;
    this.start = start;
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    return this.base.read(this.start + offset, length);
  }

  stream(offset: number, length: number, each: (chunk: Uint8Array) => void): void {
    checkRange(this, offset, length);
    this.base.stream(this.start + offset, length, each);
  }
}

function checkRange(source: ByteSource, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= source.size)) {
    throw new RangeError(`read of ${length} bytes at ${offset} in a source of ${source.size}`);
  }
}
