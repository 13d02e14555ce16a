import { BridgeError, Unavailable } from '../../errors.ts';
import type { GatewayAnswer, GatewayPort } from '../../services/ports/cluster.ts';
import type { OutboundPort } from '../../services/ports/outbound.ts';

/** An answer is told as far as this where nobody asks for more. */
const BODY_MAX_BYTES = 2048;

interface Options {
  method: 'GET' | 'POST';
  json?: unknown;
  headers?: Record<string, string>;
  timeoutMs: number;
  bodyMax?: number;
  signal?: AbortSignal;
}

/** Requests through an environment's gateway, as a client makes them. */
export class HttpGateway implements GatewayPort {
  readonly #outbound: OutboundPort;

  constructor(outbound: OutboundPort) {
    this.#outbound = outbound;
  }

  async request(url: string, options: Options): Promise<GatewayAnswer> {
    const { method, json, headers, timeoutMs, bodyMax = BODY_MAX_BYTES, signal } = options;
    try {
      return await this.#outbound.request(url, {
        method,
        deadlineMs: timeoutMs,
        maxBytes: bodyMax,
        ...(signal ? { signal } : {}),
        headers: {
          ...headers,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      const why =
        error.code === 'outbound-refused'
          ? 'the gateway address of the environment may not be asked (OUTBOUND_ALLOW)'
          : `no answer within ${timeoutMs} ms`;
      throw new Unavailable(`${method} through the gateway: ${why}`, {
        code: 'gateway-unavailable',
        cause: error,
      });
    }
  }
}
