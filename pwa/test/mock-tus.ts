import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';

export interface MockUpload {
  name: string;
  size: number;
  offset: number;
}

/** tus 1.0, creation and termination, as far as the app needs it. `bytesPerSecond` makes uploads take their time. */
export class MockTus {
  uploads = new Map<string, MockUpload>();
  bytesPerSecond = Infinity;
  /** a gateway whose server is gone: everything is answered with 503 */
  away = false;
  /** a problem document for an upload that is refused at its creation */
  refuse: (metadata: Record<string, string>) => { status: number } | undefined = () => undefined;
  /** bytes taken by PATCH in all: tells whether something was sent twice */
  received = 0;

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
    if (request.method === 'HEAD') return void response.writeHead(200, { 'upload-offset': upload.offset, 'upload-length': upload.size, 'cache-control': 'no-store' }).end();
    if (request.method === 'DELETE') {
      this.uploads.delete(id);
      return void response.writeHead(204).end();
    }
    await this.#take(request, response, upload);
  }

  #create(request: IncomingMessage, response: ServerResponse): void {
    const id = randomUUID();
    const metadata = Object.fromEntries(String(request.headers['upload-metadata'] ?? '').split(',').map((pair) => pair.trim().split(' ')).map(([key, value]) => [key, Buffer.from(value ?? '', 'base64').toString()]));
    const problem = this.refuse(metadata);
    if (problem) return void response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    this.uploads.set(id, { name: metadata.filename ?? '', size: Number(request.headers['upload-length']), offset: 0 });
    response.writeHead(201, { location: `/mlops/uploads/${id}` }).end();
  }

  async #take(request: IncomingMessage, response: ServerResponse, upload: MockUpload): Promise<void> {
    if (Number(request.headers['upload-offset']) !== upload.offset) return void response.writeHead(409).end();
    try {
      for await (const part of request as AsyncIterable<Buffer>) {
        upload.offset += part.length;
        this.received += part.length;
        if (this.bytesPerSecond !== Infinity) await new Promise((done) => setTimeout(done, (part.length / this.bytesPerSecond) * 1000));
      }
      response.writeHead(204, { 'upload-offset': upload.offset }).end();
    } catch {
      /* the client left; what came is kept */
    }
  }
}
