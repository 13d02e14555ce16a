import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, request, type Dispatcher } from 'undici';
import { isPublicAddress, type OutboundAllowList } from '../../domain/outbound-address.ts';
import { Forbidden, Unavailable } from '../../errors.ts';
import type {
  OutboundAnswer,
  OutboundPort,
  OutboundRequest,
} from '../../services/ports/outbound.ts';

const CONNECT_DEADLINE_MS = 5_000;
const HEADER_BYTES_MAX = 16 * 1024;

/** Every address of a host name, as `dns.lookup` with `all` gives them. */
export type Resolve = (
  host: string,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

class AddressRefused extends Error {}

/**
 * The only way out to what people configure. The name is resolved once, each of its addresses is
 * checked, and the connection goes to the address that was checked: a name that changes its mind in
 * between gains nothing. Each request has a connection of its own, so that none rides on one that
 * was opened under another rule or by an older route. Redirects are answers like any other.
 */
export class OutboundClient implements OutboundPort {
  readonly #allow: OutboundAllowList;
  readonly #resolve: Resolve;

  constructor(allow: OutboundAllowList, resolve: Resolve = resolveBySystem) {
    this.#allow = allow;
    this.#resolve = resolve;
  }

  async request(url: string, options: OutboundRequest): Promise<OutboundAnswer> {
    const target = targetOf(url);
    if (target === null) throw refused();
    if (isIP(target.host) !== 0 && !this.#mayReach(target, target.host)) throw refused();
    const agent = new Agent({
      pipelining: 0,
      connections: 1,
      maxHeaderSize: HEADER_BYTES_MAX,
      connect: {
        lookup: this.#checkedLookup(target),
        timeout: CONNECT_DEADLINE_MS,
        autoSelectFamily: true,
      },
    });
    const deadline = AbortSignal.timeout(options.deadlineMs);
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    try {
      const { method, headers = {}, body = null } = options;
      const answer = await request(target.url, {
        method,
        headers,
        body,
        dispatcher: agent,
        signal,
      });
      const read = await readBounded(answer.body, options.maxBytes);
      return { status: answer.statusCode, headers: flat(answer.headers), body: read };
    } catch (error) {
      if (options.signal?.aborted) throw error;
      if (isRefusal(error)) throw refused();
      throw new Unavailable('The address did not answer.', {
        code: 'outbound-failed',
        cause: error,
      });
    } finally {
      void agent.destroy();
    }
  }

  /**
   * Names an error when one of the host's addresses may not be reached: which one is asked is not
   * ours to choose.
   */
  #checkedLookup(target: Target): LookupFunction {
    return (host, options, done) => {
      this.#resolve(host, (error, addresses) => {
        if (error) return done(error, '', 0);
        const allowed =
          addresses.length > 0 && addresses.every(({ address }) => this.#mayReach(target, address));
        if (!allowed) return done(new AddressRefused(), '', 0);
        if (options.all) return (done as unknown as LookupAll)(null, addresses);
        done(null, addresses[0]!.address, addresses[0]!.family);
      });
    };
  }

  #mayReach({ host, port }: Target, address: string): boolean {
    return isPublicAddress(address) || this.#allow.permits({ host, address, port });
  }
}

type LookupAll = (error: null, addresses: LookupAddress[]) => void;
interface Target {
  url: URL;
  host: string;
  port: number;
}

/** null: not an address that may be asked at all. */
function targetOf(text: string): Target | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (url.username !== '' || url.password !== '') return null;
  url.hostname = url.hostname.replace(/\.$/, ''); // `localhost.` is `localhost`
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { url, host, port };
}

const resolveBySystem: Resolve = (host, done) => {
  systemLookup(host, { all: true }, (error, addresses) => done(error, addresses));
};

async function readBounded(
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flat(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const named = Object.entries(headers).map(([name, value]) => [
    name,
    [value ?? ''].flat().join(', '),
  ]);
  return Object.fromEntries(named) as Record<string, string>;
}

function isRefusal(error: unknown): boolean {
  if (error instanceof AddressRefused) return true;
  const { cause, errors } = (error ?? {}) as { cause?: unknown; errors?: unknown[] };
  return (cause !== undefined && isRefusal(cause)) || (errors ?? []).some(isRefusal);
}

function refused(): Forbidden {
  return new Forbidden('This address may not be asked from here.', {
    code: 'outbound-refused',
    remedy: 'Use a public address, or have an administrator list it in OUTBOUND_ALLOW.',
  });
}
