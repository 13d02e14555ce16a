import { Agent } from 'node:https';
import type { RequestOptions } from 'node:https';

/** Shorter than an API server keeps a silent connection open. */
const IDLE_MS = 30_000;

/**
 * Connections that are used again. The client library makes an agent for each request, and with it
 * a TLS handshake, which costs more than most requests. Other credentials (a token file or
 * certificate that changed) get connections of their own.
 */
export class Connections {
  #agent: Agent | undefined;
  #credentials = '';

  /** the agent to use instead of the one that the library made for these options */
  of(made: RequestOptions['agent']): RequestOptions['agent'] {
    if (made?.constructor !== Agent) return made; // a proxy's, or none for plain HTTP
    const { options } = made as Agent;
    const { ca, cert, key, pfx, servername, rejectUnauthorized } = options;
    const credentials = [ca, cert, key, pfx, servername, rejectUnauthorized].map(String).join('\n');
    if (this.#agent === undefined || credentials !== this.#credentials) {
      this.#agent = new Agent({ ...options, keepAlive: true, timeout: IDLE_MS });
      this.#credentials = credentials;
    }
    return this.#agent;
  }
}
