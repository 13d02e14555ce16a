import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';

export interface MockUpload {
  name: string;
  size: number;
  offset: number;
}

/**
 * tus 1.0, creation and termination, as far as the app needs it. `bytesPerSecond` makes uploads
 * take their time; `holdAt` stops them at a byte until `release`, so that what a test does in the
 * middle of one happens there, however slow the machine is.
 */
export class MockTus {
  uploads = new Map<string, MockUpload>();
  bytesPerSecond = Infinity;
  /** a gateway whose server is gone: everything is answered with 503 */
  away = false;
  /** a problem document for an upload that is refused at its creation */
  refuse: (metadata: Record<string, string>) => { status: number } | undefined = () => undefined;
  /** bytes taken by PATCH in all: tells whether something was sent twice */
  received = 0;
  /** requests that bring bytes at this moment */
  open = 0;
  #writers = new Map<MockUpload, IncomingMessage>();
  #holdAt = Infinity;
  #released = Promise.resolve();
  #release = (): void => {};

  holdAt(bytes: number): void {
    this.#holdAt = bytes;
    this.#released = new Promise((done) => (this.#release = done));
  }

  /** At full speed from here on. */
  release(): void {
    this.#holdAt = this.bytesPerSecond = Infinity;
    this.#release();
  }

  get(location: string): MockUpload | undefined {
    return this.uploads.get(location.split('/').at(-1) ?? '');
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('tus-resumable', '1.0.0');
    if (this.away) return void response.writeHead(503).end();
    const id = new URL(request.url ?? '', 'http://mock').pathname.split('/')[3];
    if (request.method === 'POST') return this.#create(request, response);
    const upload = id ? this.uploads.get(id) : undefined;
    if (!upload || !id) return void response.writeHead(404).end();
    // whoever asks goes on from the answer: what an older request still brings does not count
    this.#writers.delete(upload);
    if (request.method === 'HEAD')
      return void response
        .writeHead(200, {
          'upload-offset': upload.offset,
          'upload-length': upload.size,
          'cache-control': 'no-store',
        })
        .end();
    if (request.method === 'DELETE') {
      this.uploads.delete(id);
      return void response.writeHead(204).end();
    }
    await this.#take(request, response, upload);
  }

  #create(request: IncomingMessage, response: ServerResponse): void {
    const id = randomUUID();
    const metadata = Object.fromEntries(
      String(request.headers['upload-metadata'] ?? '')
        .split(',')
        .map((pair) => pair.trim().split(' '))
        .map(([key, value]) => [key, Buffer.from(value ?? '', 'base64').toString()]),
    );
    const problem = this.refuse(metadata);
    if (problem)
      return void response
        .writeHead(problem.status, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify(problem));
    this.uploads.set(id, {
      name: metadata.filename ?? '',
      size: Number(request.headers['upload-length']),
      offset: 0,
    });
    response.writeHead(201, { location: `/mlops/uploads/${id}` }).end();
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    upload: MockUpload,
  ): Promise<void> {
    if (Number(request.headers['upload-offset']) !== upload.offset)
      return void response.writeHead(409).end();
    this.#writers.set(upload, request);
    this.open += 1;
    try {
      for await (const part of request as AsyncIterable<Buffer>) {
        if (this.#writers.get(upload) !== request) return;
        upload.offset += part.length;
        this.received += part.length;
        if (this.bytesPerSecond !== Infinity)
          await new Promise((done) => setTimeout(done, (part.length / this.bytesPerSecond) * 1000));
        if (upload.offset >= this.#holdAt) await this.#released;
      }
      response.writeHead(204, { 'upload-offset': upload.offset }).end();
    } catch {
      /* the client left; what came is kept */
    } finally {
      this.open -= 1;
    }
  }
}
