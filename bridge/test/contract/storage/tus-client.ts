import { createHash } from 'node:crypto';
import { connect } from 'node:net';

export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
export const base64Digest = (algorithm: string, bytes: Buffer): string =>
  `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`;
export interface TusAnswer {
  status: number;
  headers: Headers;
  offset: number | null;
  body: any;
}

/**
 * Speaks tus by hand, header by header, so that each rule of the protocol can be broken on purpose.
 */
export class TusClient {
  readonly url: string;
  readonly user: string;
  constructor(url: string, user = 'ada') {
    this.url = url;
    this.user = user;
  }

  async ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Buffer,
  ): Promise<TusAnswer> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.user}`, 'tus-resumable': '1.0.0', ...headers },
      ...(body ? { body: body as Buffer<ArrayBuffer> } : {}),
    });
    const text = await answer.text();
    const offset = answer.headers.get('upload-offset');
    return {
      status: answer.status,
      headers: answer.headers,
      offset: offset === null ? null : Number(offset),
      body: text ? JSON.parse(text) : null,
    };
  }

  creation(
    size: number,
    metadata: Record<string, string> = { filename: 'model.safetensors' },
  ): Record<string, string> {
    return {
      'upload-length': String(size),
      'upload-metadata': Object.entries(metadata)
        .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
        .join(','),
    };
  }
  async create(size: number, metadata?: Record<string, string>): Promise<string> {
    const answer = await this.ask('POST', '/mlops/uploads', this.creation(size, metadata));
    if (answer.status !== 201)
      throw new Error(`creation answered ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.headers.get('location')!;
  }
  head(path: string): Promise<TusAnswer> {
    return this.ask('HEAD', path);
  }
  /**
   * whether HEAD gets no answer at all, which makes stock clients ask again instead of beginning
   * anew
   */
  isDropped(path: string): Promise<boolean> {
    return this.head(path).then(
      () => false,
      (error: Error) => error.message === 'fetch failed',
    );
  }
  patch(
    path: string,
    offset: number,
    body: Buffer,
    headers: Record<string, string> = {},
  ): Promise<TusAnswer> {
    return this.ask(
      'PATCH',
      path,
      {
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(offset),
        ...headers,
      },
      body,
    );
  }
  /** Sends everything in pieces of the given sizes, the last size again and again. */
  async sendAll(path: string, bytes: Buffer, sizes: number[]): Promise<void> {
    for (let offset = 0, turn = 0; offset < bytes.length; turn += 1) {
      const answer = await this.patch(
        path,
        offset,
        bytes.subarray(offset, offset + sizes[Math.min(turn, sizes.length - 1)]!),
      );
      if (answer.status !== 204)
        throw new Error(
          `PATCH at ${offset} answered ${answer.status} ${JSON.stringify(answer.body)}`,
        );
      offset = answer.offset!;
    }
  }
  /** Asks where the upload stands and sends the rest. */
  async sendAllFrom(path: string, bytes: Buffer): Promise<void> {
    const { offset } = await this.head(path);
    const answer = await this.patch(path, offset!, bytes.subarray(offset!));
    if (answer.offset !== bytes.length)
      throw new Error(`PATCH answered ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  register(
    modelFile: string,
    dockerfile: string,
    version: string,
    headers: Record<string, string> = {},
    metadata: object = {},
  ): Promise<TusAnswer> {
    const body = Buffer.from(
      JSON.stringify({
        metadata: { name: 'tus', version, ...metadata },
        uploads: { modelFile, dockerfile },
      }),
    );
    return this.ask(
      'POST',
      '/mlops/models',
      { 'content-type': 'application/json', ...headers },
      body,
    );
  }

  /**
   * A PATCH that announces `announced` bytes and sends fewer; `cut` ends it. `then` settles with
   * the answer, '' when there is none.
   */
  opened(
    path: string,
    offset: number,
    announced: number,
    first: Buffer,
  ): { send(bytes: Buffer): void; cut(): void; answer: Promise<string> } {
    const { hostname, port } = new URL(this.url);
    const socket = connect(Number(port), hostname);
    let text = '';
    const answer = new Promise<string>((resolve) => {
      socket.on('data', (chunk) => {
        text += String(chunk);
        if (text.includes('\r\n\r\n')) resolve(text);
      });
      socket.on('close', () => resolve(text));
      socket.on('error', () => resolve(text));
    });
    socket.write(
      [
        `PATCH ${path} HTTP/1.1`,
        'Host: x',
        `Authorization: Bearer ${this.user}`,
        'Tus-Resumable: 1.0.0',
        'Content-Type: application/offset+octet-stream',
        `Upload-Offset: ${offset}`,
        `Content-Length: ${announced}`,
        '',
        '',
      ].join('\r\n'),
    );
    socket.write(first);
    return {
      send: (bytes) => {
        socket.write(bytes);
      },
      cut: () => {
        socket.destroy();
      },
      answer,
    };
  }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${condition}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
