import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { Conflict, Failed, NotFound } from '../../errors.ts';
import { Connections } from './connections.ts';
import { statusError, unavailable, type Status } from './status-error.ts';

export const FIELD_MANAGER = 'creativeflow-bridge';
const REQUEST_DEADLINE_MS = 15_000;

type Query = Record<string, string | number | boolean | undefined>;

interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: object;
  /** of the body; JSON where nothing is said */
  readonly contentType?: string;
}

/**
 * The API server's wire: paths and JSON, with the kubeconfig's authentication, a deadline on each
 * request, and the server's own Status message in the error (never its headers).
 */
export class KubernetesClient {
  readonly #config: KubeConfig;
  readonly #connections = new Connections();
  readonly #deadlineMs: number;

  constructor(config: KubeConfig, deadlineMs = REQUEST_DEADLINE_MS) {
    this.#config = config;
    this.#deadlineMs = deadlineMs;
  }

  /** null when it does not exist */
  async get<T>(path: string, query: Query = {}): Promise<T | null> {
    try {
      return await this.#json<T>({ method: 'GET', path, query });
    } catch (error) {
      if (error instanceof NotFound) return null;
      throw error;
    }
  }

  async list<T>(path: string, query: Query = {}): Promise<T[]> {
    const { items } = await this.#json<{ items?: T[] }>({ method: 'GET', path, query });
    if (!Array.isArray(items)) throw unavailable('GET', path, new Error('the answer is no list'));
    return items;
  }

  /** Server-side apply: ours are the fields named in the body, whoever wrote them before. */
  async apply(path: string, body: object): Promise<void> {
    await this.#json({
      method: 'PATCH',
      path,
      query: { fieldManager: FIELD_MANAGER, force: true },
      body,
      contentType: 'application/apply-patch+yaml',
    });
  }

  async merge(path: string, body: object): Promise<void> {
    await this.#json({
      method: 'PATCH',
      path,
      query: { fieldManager: FIELD_MANAGER },
      body,
      contentType: 'application/merge-patch+json',
    });
  }

  /**
   * The whole object in place of the stored one; `dryRun`: what it would be then, and nothing is
   * written. Conflict when it was written meanwhile.
   */
  replace<T>(path: string, body: object, dryRun: boolean): Promise<T> {
    return this.#json<T>({
      method: 'PUT',
      path,
      query: { fieldManager: FIELD_MANAGER, ...(dryRun ? { dryRun: 'All' } : {}) },
      body,
    });
  }

  /** false when it exists already */
  async create(path: string, body: object): Promise<boolean> {
    try {
      await this.#json({ method: 'POST', path, query: { fieldManager: FIELD_MANAGER }, body });
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  async remove(path: string, body: object = { propagationPolicy: 'Background' }): Promise<void> {
    try {
      await this.#json({ method: 'DELETE', path, body });
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
  }

  /** The body as it comes: logs. Ends when the server ends it or `signal` fires. */
  async stream(path: string, query: Query, signal?: AbortSignal): Promise<Readable> {
    const response = await this.#send({ method: 'GET', path, query }, signal);
    if ((response.statusCode ?? 0) >= 400)
      throw statusError('GET', path, response.statusCode ?? 0, await text(response));
    return response;
  }

  /**
   * Objects of a list as they change, from a resource version on. Ends when the server ends it or
   * `signal` fires.
   */
  async *watch<T>(path: string, query: Query, signal: AbortSignal): AsyncGenerator<T> {
    const response = await this.stream(path, { ...query, watch: true }, signal);
    response.setEncoding('utf8');
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line) continue;
        const { type, object } = JSON.parse(line) as { type: string; object: T };
        // the list is too old, or the server gives the watch up: `object` is its Status and none of
        // the list
        if (type === 'ERROR')
          throw statusError('GET', path, (object as Status).code ?? 500, JSON.stringify(object));
        yield object;
      }
    }
  }

  async #json<T>(request: ApiRequest): Promise<T> {
    const { method, path } = request;
    try {
      const response = await this.#send(request, AbortSignal.timeout(this.#deadlineMs));
      const answer = await text(response);
      if ((response.statusCode ?? 0) >= 400)
        throw statusError(method, path, response.statusCode ?? 0, answer);
      const parsed = JSON.parse(answer) as (T & { kind?: unknown }) | null;
      // its schemas alone have no kind
      const isObject =
        typeof parsed?.kind === 'string' || (parsed !== null && path.startsWith('/openapi/'));
      if (parsed === null || !isObject)
        throw new Error(`answered ${response.statusCode} without an object`);
      return parsed;
    } catch (error) {
      throw unavailable(method, path, error);
    }
  }

  async #send(request: ApiRequest, signal?: AbortSignal): Promise<IncomingMessage> {
    const { method, path, query = {}, body, contentType = 'application/json' } = request;
    const server = this.#config.getCurrentCluster()?.server;
    if (!server)
      throw new Failed('The kubeconfig names no cluster in its current context.', {
        code: 'cluster-not-configured',
      });
    const url = new URL(server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions = { method, headers: { accept: 'application/json' } };
    if (signal) options.signal = signal;
    await this.#config.applyToHTTPSOptions(options);
    if (payload !== undefined)
      options.headers = {
        ...options.headers,
        'content-type': contentType,
        'content-length': Buffer.byteLength(payload),
      };
    options.agent = this.#connections.of(options.agent);
    const send = (): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        let answered = false;
        const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
          url,
          options,
          (response) => {
            answered = true;
            resolve(response);
          },
        );
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          // the server had closed the kept connection a moment before; every request of ours can be
          // made twice
          if (outgoing.reusedSocket && error.code === 'ECONNRESET' && !answered) resolve(send());
          else reject(unavailable(method, path, error));
        });
        outgoing.end(payload);
      });
    return send();
  }
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
