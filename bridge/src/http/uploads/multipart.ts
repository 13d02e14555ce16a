import { Invalid } from '../../errors.ts';

/** What stands above a part's bytes. Header names in lower case. */
export interface PartHead {
  name: string;
  filename: string | null;
  headers: Record<string, string>;
}
export interface PartSink {
  /** a promise: wait for it before the next write */
  write(chunk: Buffer): Promise<void> | undefined;
  end(): Promise<void>;
}

const HEAD_MAX_BYTES = 16 * 1024;
const PARTS_MAX = 100;
const NOTHING = Buffer.alloc(0);
const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * Takes apart a body of `multipart/form-data` (RFC 7578), chunk by chunk and without copies: inside
 * a part a chunk is searched once (8 GB/s) and handed on as it is. One part at a time: a part's
 * `end` settles before the next one opens.
 */
export class MultipartReader {
  readonly #delimiter: Buffer;
  readonly #open: (head: PartHead) => Promise<PartSink>;
  #state: 'preamble' | 'line' | 'head' | 'body' | 'done' = 'preamble';
  /** bytes that may be the beginning of something that the next chunk completes */
  // so that the first boundary, at the very start, looks like all others
  #held: Buffer = Buffer.from('\r\n');
  #sink: PartSink | null = null;
  #parts = 0;

  constructor(boundary: string, open: (head: PartHead) => Promise<PartSink>) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#open = open;
  }

  write(chunk: Buffer): Promise<void> | undefined {
    if (this.#state === 'body' && this.#held.length === 0) {
      if (chunk.indexOf(this.#delimiter) === -1) return this.#pass(chunk);
    }
    return this.#state === 'done'
      ? undefined
      : this.#takeApart(this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk);
  }

  /** After the last chunk. */
  end(): void {
    if (this.#state !== 'done') throw malformed('it ends before its closing boundary');
  }

  /** Hands on all but a tail that may begin a delimiter. */
  #pass(data: Buffer): Promise<void> | undefined {
    const keep = this.#possibleStart(data);
    this.#held = keep === 0 ? NOTHING : Buffer.from(data.subarray(data.length - keep));
    return keep === data.length
      ? undefined
      : this.#sink!.write(keep === 0 ? data : data.subarray(0, data.length - keep));
  }

  /** length of the longest end of `data` with which a delimiter may begin */
  #possibleStart(data: Buffer): number {
    const from = Math.max(0, data.length - this.#delimiter.length + 1);
    for (let at = data.indexOf(0x0d, from); at !== -1; at = data.indexOf(0x0d, at + 1)) {
      if (data.subarray(at).equals(this.#delimiter.subarray(0, data.length - at)))
        return data.length - at;
    }
    return 0;
  }

  async #takeApart(data: Buffer): Promise<void> {
    this.#held = NOTHING;
    // null: what is left over is held until the next chunk
    let rest: Buffer | null = data;
    while (rest !== null) {
      switch (this.#state) {
        case 'preamble':
          rest = this.#takePreamble(rest);
          break;
        case 'body':
          rest = await this.#takeBody(rest);
          break;
        case 'line':
          rest = this.#takeLine(rest);
          break;
        case 'head':
          rest = await this.#takeHead(rest);
          break;
        case 'done':
          return;
      }
    }
  }

  #takePreamble(data: Buffer): Buffer | null {
    const at = data.indexOf(this.#delimiter);
    if (at === -1) {
      this.#held = Buffer.from(data.subarray(Math.max(0, data.length - this.#delimiter.length)));
      return null;
    }
    this.#state = 'line';
    return data.subarray(at + this.#delimiter.length);
  }

  async #takeBody(data: Buffer): Promise<Buffer | null> {
    const at = data.indexOf(this.#delimiter);
    if (at === -1) {
      await this.#pass(data);
      return null;
    }
    if (at > 0) await this.#sink!.write(data.subarray(0, at));
    await this.#sink!.end();
    this.#sink = null;
    this.#state = 'line';
    return data.subarray(at + this.#delimiter.length);
  }

  /** What follows a boundary: `--` at the end of all, else the end of its line. */
  #takeLine(data: Buffer): Buffer | null {
    if (data.length >= 2 && data[0] === 0x2d && data[1] === 0x2d) {
      this.#state = 'done';
      return null;
    }
    const at = data.indexOf('\r\n');
    if (at === -1) return this.#wait(data, 256);
    if (data.subarray(0, at).toString('latin1').trim() !== '')
      throw malformed('a boundary is followed by other text');
    this.#state = 'head';
    // its line break may also be the first half of the blank line of a part without headers
    return data.subarray(at);
  }

  async #takeHead(data: Buffer): Promise<Buffer | null> {
    const at = data.indexOf(BLANK_LINE);
    if (at === -1) return this.#wait(data, HEAD_MAX_BYTES);
    if (++this.#parts > PARTS_MAX) throw malformed(`it has more than ${PARTS_MAX} parts`);
    this.#sink = await this.#open(parseHead(data.subarray(0, at).toString('utf8')));
    this.#state = 'body';
    return data.subarray(at + BLANK_LINE.length);
  }

  #wait(data: Buffer, maxBytes: number): null {
    if (data.length > maxBytes)
      throw malformed(`the head of a part is longer than ${maxBytes} bytes`);
    this.#held = Buffer.from(data);
    return null;
  }
}

/** The boundary named by a Content-Type. */
export function boundaryOf(contentType: string | undefined): string {
  const match =
    /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
      contentType ?? '',
    );
  const boundary = match?.[1] ?? match?.[2];
  if (!boundary) {
    throw new Invalid('The request must be multipart/form-data with a boundary.', {
      code: 'upload-not-multipart',
      remedy:
        'Send the fields modelFile, dockerfile and metadata as multipart/form-data (curl -F does).',
    });
  }
  return boundary;
}

function parseHead(text: string): PartHead {
  const headers: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0)
      headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  const disposition = headers['content-disposition'] ?? '';
  const name = parameter(disposition, 'name');
  if (!/^form-data\b/i.test(disposition) || name === null)
    throw malformed('a part has no form-data name');
  return { name, filename: extended(disposition) ?? parameter(disposition, 'filename'), headers };
}

/** Browsers write a quote as %22, curl as \". */
function parameter(disposition: string, name: string): string | null {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(
    disposition,
  );
  if (!match) return null;
  return (match[1] ?? match[2]!)
    .replace(/\\(["\\])/g, '$1')
    .replaceAll('%22', '"')
    .replace(/%0D|%0A/gi, '');
}

function extended(disposition: string): string | null {
  const match = /;\s*filename\*=UTF-8''([^;\s]+)/i.exec(disposition);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]!);
  } catch {
    throw malformed('a file name is not valid UTF-8');
  }
}

function malformed(why: string): Invalid {
  return new Invalid(`The multipart body cannot be read: ${why}.`, {
    code: 'upload-malformed',
    remedy: 'Send it with a client that writes multipart/form-data, or use resumable uploads.',
  });
}
