import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { BridgeError, Conflict, Failed, NotFound, Unavailable } from '../../errors.ts';
import { Connections } from './connections.ts';

export const FIELD_MANAGER = 'creativeflow-bridge';
const REQUEST_DEADLINE_MS = 15_000;

type Query = Record<string, string | number | boolean | undefined>;

/**
 * The API server's wire: paths and JSON, with the kubeconfig's authentication, a deadline on each request, and the
 * server's own Status message in the error (never its headers).
 */
export class KubernetesClient {
  readonly #config: KubeConfig;
  readonly #connections = new Connections();

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  /** null when it does not exist */
  async get<T>(path: string, query: Query = {}): Promise<T | null> {
    try {
      return await this.#json<T>('GET', path, query);
    } catch (error) {
      if (error instanceof NotFound) return null;
      throw error;
    }
  }

  async list<T>(path: string, query: Query = {}): Promise<T[]> {
    return (await this.#json<{ items?: T[] }>('GET', path, query)).items ?? [];
  }

  /** Server-side apply: ours are the fields named in the body, whoever wrote them before. */
  async apply(path: string, body: object): Promise<void> {
    await this.#json('PATCH', path, { fieldManager: FIELD_MANAGER, force: true }, body, 'application/apply-patch+yaml');
  }

  async merge(path: string, body: object): Promise<void> {
    await this.#json('PATCH', path, { fieldManager: FIELD_MANAGER }, body, 'application/merge-patch+json');
  }

  /** The whole object in place of the stored one; `dryRun`: what it would be then, and nothing is written. Conflict when it was written meanwhile. */
  replace<T>(path: string, body: object, dryRun: boolean): Promise<T> {
    return this.#json<T>('PUT', path, { fieldManager: FIELD_MANAGER, ...(dryRun ? { dryRun: 'All' } : {}) }, body);
  }

  /** false when it exists already */
  async create(path: string, body: object): Promise<boolean> {
    try {
      await this.#json('POST', path, { fieldManager: FIELD_MANAGER }, body);
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  async remove(path: string, body: object = { propagationPolicy: 'Background' }): Promise<void> {
    try {
      await this.#json('DELETE', path, {}, body);
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
  }

  /** The body as it comes: logs. Ends when the server ends it or `signal` fires. */
  async stream(path: string, query: Query, signal?: AbortSignal): Promise<Readable> {
    const response = await this.#send('GET', path, query, undefined, undefined, signal);
    if ((response.statusCode ?? 0) >= 400) throw statusError('GET', path, response.statusCode ?? 0, await text(response));
    return response;
  }

  /** Objects of a list as they change, from a resource version on. Ends when the server ends it or `signal` fires. */
  async *watch<T>(path: string, query: Query, signal: AbortSignal): AsyncGenerator<T> {
    const response = await this.stream(path, { ...query, watch: true }, signal);
    response.setEncoding('utf8');
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line) yield (JSON.parse(line) as { object: T }).object;
    }
  }

  async #json<T>(method: string, path: string, query: Query, body?: object, contentType = 'application/json'): Promise<T> {
    const signal = AbortSignal.timeout(REQUEST_DEADLINE_MS);
    try {
      const response = await this.#send(method, path, query, body, contentType, signal);
      const answer = await text(response);
      if ((response.statusCode ?? 0) >= 400) throw statusError(method, path, response.statusCode ?? 0, answer);
      return JSON.parse(answer) as T;
    } catch (error) {
      throw unavailable(method, path, error);
    }
  }

  async #send(method: string, path: string, query: Query, body: object | undefined, contentType: string | undefined, signal?: AbortSignal): Promise<IncomingMessage> {
    const server = this.#config.getCurrentCluster()?.server;
    if (!server) throw new Failed('The kubeconfig names no cluster in its current context.', { code: 'cluster-not-configured' });
    const url = new URL(server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions = { method, headers: { accept: 'application/json' } };
    if (signal) options.signal = signal;
    await this.#config.applyToHTTPSOptions(options);
    if (payload !== undefined) options.headers = { ...options.headers, 'content-type': contentType, 'content-length': Buffer.byteLength(payload) };
    options.agent = this.#connections.of(options.agent);
    const send = (): Promise<IncomingMessage> => new Promise((resolve, reject) => {
      let answered = false;
      const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
        answered = true;
        resolve(response);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // the server had closed the kept connection a moment before; every request of ours can be made twice
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

function statusError(method: string, path: string, status: number, body: string): BridgeError {
  let said = body.slice(0, 500);
  try {
    said = (JSON.parse(body) as { message?: string }).message ?? said;
  } catch { /* a proxy's page, not a Status */ }
  const message = `The cluster answered ${status} to ${method} ${path}: ${said}`;
  if (status === 404) return new NotFound(message, { code: 'cluster-object-not-found' });
  if (status === 409) return new Conflict(message, { code: 'cluster-conflict' });
  // a namespace made this second has no default service account yet
  if (status === 429 || status >= 500 || /error looking up service account/.test(said)) return new Unavailable(message, { code: 'cluster-unavailable', retryAfterSeconds: 2 });
  if (status === 401 || (status === 403 && /^[^:]+ is forbidden: User /.test(said))) {
    return new Failed(message, { code: 'cluster-forbidden', remedy: 'Give the account of the bridge this right (see k8s/base), or correct KUBECONFIG.' });
  }
  return new Failed(said, { code: 'cluster-refused' });
}

function unavailable(method: string, path: string, error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new Unavailable(`The cluster did not answer ${method} ${path}: ${why}`, { code: 'cluster-unavailable', cause: error, retryAfterSeconds: 2 });
}
