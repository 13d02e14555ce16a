import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import { freePort } from '../../../stack/free-port.ts';
import type { PromotionPlan, Strategy, UploadMetadata } from '../../src/api/types.ts';
import { MockTus } from './tus.ts';
import { World, sha } from './world.ts';
import { USERS, type MockUser } from './users.ts';
import { play } from './pipeline.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
};
/** What nginx sends with the app. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

/**
 * A bridge in memory, for development and for states that are hard to reach. Serves the built app
 * at /app/.
 */
export class MockServer {
  world: World;
  tus = new MockTus();
  /** what was asked, "METHOD /path" */
  asked: string[] = [];
  bodies: unknown[] = [];
  socketsRefused = false;
  /**
   * what stands against a promotion by a strategy, `null`: the plan cannot be had; without a word
   * it fits
   */
  obstacles: Partial<Record<Strategy, { message: string; waits: boolean } | null>> = {};
  #sessions = new Map<string, MockUser>();
  #http: Server;
  #ws = new WebSocketServer({ noServer: true });
  #sockets = new Set<WebSocket>();
  #connections = new Set<Socket>();
  #port = 0;

  constructor(world = new World()) {
    this.world = world;
    this.tus.refuse = ({ name, version }) =>
      this.world.versions.some((one) => one.model.name === name && one.name === version)
        ? exists(name ?? '', version ?? '')
        : undefined;
    this.#http = createServer(
      (request, response) =>
        void this.#route(request, response).catch((error: unknown) =>
          this.#problem(response, 500, 'mock', String(error)),
        ),
    );
    this.#http.on('connection', (socket) =>
      this.#connections.add(socket.on('close', () => this.#connections.delete(socket))),
    );
    this.#http.on('upgrade', (request, socket, head) => {
      if (this.socketsRefused || !this.#who(request)) return void socket.destroy();
      this.#ws.handleUpgrade(request, socket, head, (ws) =>
        this.#stream(ws, new URL(request.url ?? '/', 'http://mock')),
      );
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(port?: number): Promise<this> {
    // one that nobody takes while the server is away
    this.#port ||= port ?? (await freePort());
    await new Promise<void>((done, fail) =>
      this.#http.once('error', fail).listen(this.#port, '127.0.0.1', done),
    );
    return this;
  }

  /** As if the machine were gone; `start` brings it back on the same port, its memory intact. */
  async stop(): Promise<void> {
    this.dropSockets();
    for (const socket of this.#connections) socket.destroy();
    await new Promise((done) => this.#http.close(done));
  }

  dropSockets(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  endSessions(): void {
    this.#sessions.clear();
  }

  #stream(ws: WebSocket, url: URL): void {
    const after = url.searchParams.get('after');
    const { events } = this.world;
    const send = (message: unknown): void => ws.send(JSON.stringify(message));
    this.#sockets.add(ws);
    send({ type: 'hello', position: after === null ? events.length : Number(after), user: 'mock' });
    if (after !== null)
      for (const event of events.slice(Number(after))) send({ type: 'event', event });
    const listener = (event: unknown): void => send({ type: 'event', event });
    this.world.listeners.add(listener as never);
    ws.on('close', () => {
      this.#sockets.delete(ws);
      this.world.listeners.delete(listener as never);
    });
  }

  #who(request: IncomingMessage): MockUser | undefined {
    return this.#sessions.get(
      /__Host-cf_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '',
    );
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://mock');
    const { pathname: path } = url;
    const method = request.method ?? 'GET';
    if (path === '/' || path === '/app')
      return void response.writeHead(302, { location: '/app/' }).end();
    if (path.startsWith('/app/')) return this.#file(path.slice(5), response);
    this.asked.push(`${method} ${path}`);
    if (
      method !== 'GET' &&
      method !== 'HEAD' &&
      request.headers['x-requested-with'] !== 'creativeflow'
    )
      return this.#problem(response, 403, 'cross-site', 'The header X-Requested-With is missing.');
    if (path === '/mlops/session') return this.#session(request, response, method);
    const who = this.#who(request);
    if (!who)
      return this.#problem(response, 401, 'unauthenticated', 'Nobody is signed in.', 'Sign in.');
    if (path.startsWith('/mlops/uploads')) return this.tus.handle(request, response);
    await this.#api(request, response, method, url, who);
  }

  async #session(
    request: IncomingMessage,
    response: ServerResponse,
    method: string,
  ): Promise<void> {
    if (method === 'GET') {
      const who = this.#who(request);
      return who
        ? this.#json(response, 200, publicPart(who))
        : this.#problem(response, 401, 'unauthenticated', 'Nobody is signed in.');
    }
    if (method === 'DELETE')
      return void response
        .writeHead(204, { 'set-cookie': '__Host-cf_session=; Path=/; Secure; Max-Age=0' })
        .end();
    const body = (await json(request)) as { login: string; password: string; totp?: string };
    const who = USERS.find((one) => one.login === body.login && one.password === body.password);
    if (!who)
      return this.#problem(
        response,
        401,
        'bad-credentials',
        'Login or password is wrong.',
        'Check both; Odoo decides.',
      );
    if (who.totp && !body.totp)
      return this.#problem(
        response,
        401,
        'totp-required',
        'A code from your authenticator is needed.',
      );
    if (who.totp && body.totp !== who.totp)
      return this.#problem(
        response,
        401,
        'totp-wrong',
        'The code is wrong or too old.',
        'Type the one shown now.',
      );
    const key = sha(`${Math.random()}`).slice(7, 39);
    this.#sessions.set(key, who);
    response.setHeader(
      'set-cookie',
      `__Host-cf_session=${key}; Path=/; Secure; HttpOnly; SameSite=Strict`,
    );
    this.#json(response, 200, publicPart(who));
  }

  async #api(
    request: IncomingMessage,
    response: ServerResponse,
    method: string,
    url: URL,
    who: MockUser,
  ): Promise<void> {
    const { world } = this;
    const query = (name: string, otherwise = ''): string => url.searchParams.get(name) ?? otherwise;
    const path = url.pathname.replace('/mlops', '');
    if (path === '/models' && method === 'GET') {
      return this.#json(
        response,
        200,
        world.page(
          {
            search: query('search'),
            status: query('status'),
            offset: Number(query('offset', '0')),
            limit: Number(query('limit', '50')),
            order: query('order', 'recent'),
          },
          who,
        ),
      );
    }
    if (path === '/models') return this.#register(request, response, who);
    if (path === '/events') {
      const items = world.events
        .filter(
          (event) =>
            event.position > Number(query('after', '0')) &&
            (!query('versionId') || event.versionId === Number(query('versionId'))),
        )
        .slice(0, Number(query('limit', '200')));
      return this.#json(response, 200, {
        items,
        position: items.at(-1)?.position ?? Number(query('after', '0')),
      });
    }
    if (path === '/endpoints')
      return this.#json(response, 200, { total: world.endpoints.length, items: world.endpoints });
    if (/^\/endpoints\/\d+\/traffic$/.test(path)) return this.#json(response, 200, world.traffic);
    if (/^\/endpoints\/\d+\/try$/.test(path)) {
      const body = (await json(request)) as { body?: { inputs?: { data: number[] }[] } };
      this.bodies.push(body);
      return this.#json(response, 200, {
        status: 200,
        durationMs: 11.4,
        contentType: 'application/json',
        body: {
          model_name: 'digits',
          model_version: '1.0.0',
          outputs: [
            { name: 'digit', datatype: 'INT64', shape: [1], data: [1] },
            {
              name: 'probabilities',
              datatype: 'FP32',
              shape: [1, 10],
              data: [0.001, 0.961, 0.01, 0.005, 0.004, 0.006, 0.003, 0.004, 0.005, 0.001],
            },
          ],
        },
      });
    }
    const match = /^\/models\/(\d+)(?:\/versions\/(\d+)(?:\/([\w-]+))?)?$/.exec(path);
    const [, modelId, versionId, verb] = match ?? [];
    if (modelId && !versionId) {
      const model = world.modelDetail(Number(modelId));
      return model
        ? this.#json(response, 200, model)
        : this.#problem(
            response,
            404,
            'not-found',
            'This model does not exist, or you may not see it.',
          );
    }
    const version = world.versions.find((one) => one.id === Number(versionId));
    if (!version)
      return this.#problem(
        response,
        404,
        'not-found',
        'This version does not exist, or you may not see it.',
      );
    if (!verb) return this.#json(response, 200, world.detail(version, who));
    if (verb === 'plan') return this.#plan(response, query('strategy') as Strategy);
    if (verb === 'build-log') return this.#log(response, version.id, query('follow') === '1');
    const body = (await json(request)) as {
      seen?: number;
      strategy?: string;
      reason?: string;
      comment?: string;
      step?: number;
    };
    this.bodies.push(body);
    if (body.seen !== undefined && body.seen !== version.lockVersion)
      return this.#problem(
        response,
        409,
        'stale',
        'This version changed since you opened it.',
        'Reload the version, then decide again.',
      );
    const action = world.allowed(version, who).find((one) => one.name === verb);
    if (!action?.allowed)
      return this.#problem(
        response,
        403,
        'not-allowed',
        action?.reason ?? 'This is not possible now.',
      );
    const answer = play(world, version, verb, who, body);
    this.#json(response, 202, answer);
  }

  #plan(response: ServerResponse, strategy: Strategy): void {
    const against = this.obstacles[strategy];
    if (against === null)
      return this.#problem(response, 503, 'cluster-unavailable', 'The cluster does not answer.');
    const obstacle = against ? { reason: 'GpusNotFree', ...against } : null;
    this.#json(response, 200, {
      target: 'production',
      strategy,
      fits: !obstacle,
      steps: [],
      obstacle,
      strategies: [],
    } satisfies PromotionPlan);
  }

  async #register(
    request: IncomingMessage,
    response: ServerResponse,
    who: MockUser,
  ): Promise<void> {
    const body = (await json(request)) as {
      metadata: UploadMetadata;
      uploads: { modelFile: string; dockerfile: string; sideFiles?: string[] };
    };
    this.bodies.push(body);
    const { metadata, uploads } = body;
    if (
      this.world.versions.some(
        (one) => one.model.name === metadata.name && one.name === metadata.version,
      )
    ) {
      const { status, code, detail, errors } = exists(metadata.name, metadata.version);
      return this.#problem(response, status, code, detail, undefined, errors);
    }
    const files = [uploads.modelFile, uploads.dockerfile, ...(uploads.sideFiles ?? [])].map((one) =>
      this.tus.get(one),
    );
    if (files.some((file) => !file || file.offset !== file.size))
      return this.#problem(
        response,
        409,
        'upload-unfinished',
        'One of the uploads is not finished.',
        'Resume it.',
      );
    const version = this.world.add(metadata.name, metadata.version, 'Validating', 0, who.name, {
      createdAt: new Date().toISOString(),
      description: metadata.description ?? null,
      params: metadata.params ?? null,
      metrics: metadata.metrics ?? null,
      inputSchema: metadata.inputSchema ?? null,
      outputSchema: metadata.outputSchema ?? null,
      framework: metadata.framework ?? null,
    });
    this.world.emit('version.registered', version, {}, who.name);
    this.world.later([() => play(this.world, version, 'scan', who, {})]);
    this.#json(response, 202, {
      modelId: version.model.id,
      versionId: version.id,
      initialStatus: 'Validating',
      created: true,
      artifacts: files.map((file) => ({
        filename: file?.name,
        digest: sha(file?.name ?? ''),
        size: file?.size,
      })),
    });
  }

  #log(response: ServerResponse, id: number, follow: boolean): void {
    const lines = this.world.logs.get(id);
    if (!lines) return this.#problem(response, 404, 'not-found', 'There is no build log yet.');
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    response.write(`${lines.join('\n')}\n`);
    if (!follow) return void response.end();
    let sent = lines.length;
    const timer = setInterval(() => {
      for (; sent < lines.length; sent++) response.write(`${lines[sent]}\n`);
      if (lines.at(-1)?.startsWith('Successfully')) {
        clearInterval(timer);
        response.end();
      }
    }, 40);
    response.on('close', () => clearInterval(timer));
  }

  #file(path: string, response: ServerResponse): void {
    const root = join(import.meta.dirname, '..', '..', 'dist');
    const wanted = join(root, normalize(path));
    const file =
      wanted.startsWith(root) && existsSync(wanted) && statSync(wanted).isFile()
        ? wanted
        : join(root, 'index.html');
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
      'cache-control': 'no-cache',
    });
    createReadStream(file).pipe(response);
  }

  #json(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #problem(
    response: ServerResponse,
    status: number,
    code: string,
    detail: string,
    remedy?: string,
    errors?: unknown[],
  ): void {
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(
      JSON.stringify({
        type: `/mlops/problems/${code}`,
        title: code,
        status,
        code,
        detail,
        remedy,
        errors,
      }),
    );
  }
}

const exists = (name: string, version: string) => ({
  status: 409,
  code: 'version-exists',
  detail: `${name} ${version} exists already.`,
  errors: [
    {
      field: 'metadata.version',
      reason: 'This version exists already.',
      remedy: 'Give the next one.',
    },
  ],
});

const publicPart = ({ password: _password, totp: _totp, ...rest }: MockUser): unknown => rest;

async function json(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return parts.length ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

if (process.argv[1] === import.meta.filename) {
  const server = new MockServer();
  server.world.stepMs = 1500;
  await server.start(Number(process.env.PORT ?? 18190));
  console.log(`${server.url}/app/  (ada, ben, mia, vera, tom; password pw)`);
}
