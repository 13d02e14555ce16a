import { Agent, request } from 'undici';
import { Unavailable } from '../../errors.ts';
import type { GatewayAnswer, GatewayPort } from '../../services/cluster-ports.ts';

const BODY_MAX_CHARS = 2048;

/** Requests as a client makes them. Each one on a new connection, so that none rides on one that an older route had opened. */
export class HttpGateway implements GatewayPort {
  async request(url: string, options: { method: 'GET' | 'POST'; json?: unknown; headers?: Record<string, string>; timeoutMs: number; bodyMax?: number; signal?: AbortSignal }): Promise<GatewayAnswer> {
    const agent = new Agent({ pipelining: 0, connections: 1 });
    const deadline = AbortSignal.timeout(options.timeoutMs);
    try {
      const answer = await request(url, {
        method: options.method, dispatcher: agent, signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
        headers: { ...options.headers, ...(options.json === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
      });
      const body = (await answer.body.text()).slice(0, options.bodyMax ?? BODY_MAX_CHARS);
      const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value ?? '']));
      return { status: answer.statusCode, headers, body };
    } catch (error) {
      const why = deadline.aborted ? `no answer within ${options.timeoutMs} ms` : error instanceof Error ? error.message : String(error);
      throw new Unavailable(`${options.method} ${url}: ${why}`, { code: 'gateway-unavailable', cause: error });
    } finally {
      void agent.close();
    }
  }
}
