import { request } from 'undici';
import { NOTHING_COUNTED } from '../../domain/rollouts/types.ts';
import type { Counters } from '../../domain/rollouts/types.ts';
import { Unavailable } from '../../errors.ts';
import type { MetricsPort, TrafficPort } from '../../services/ports/cluster.ts';

const DEADLINE_MS = 5_000;
const LINE =
  /^(traefik_service_requests_total|traefik_service_request_duration_seconds_bucket)\{([^}]*)\} ([0-9.e+]+)$/;

/**
 * Counters of Traefik's services, from its own metrics endpoint
 * (https://doc.traefik.io/traefik/observability/metrics/overview/, with labels of services switched
 * on). The Gateway API provider calls a service
 * `<namespace>-<service>-http-<port>@kubernetesgateway`, `http` being the name of its port.
 */
export class TraefikMetrics implements MetricsPort, TrafficPort {
  readonly #url: string;
  readonly #deadlineMs: number;

  constructor(url: string, deadlineMs = DEADLINE_MS) {
    this.#url = url;
    this.#deadlineMs = deadlineMs;
  }

  async counters(namespace: string, revision: string): Promise<Counters> {
    return countersOf(await this.#text(), `${namespace}-${revision}`);
  }

  async all(): Promise<Map<string, Counters>> {
    return allCounters(await this.#text());
  }

  async #text(): Promise<string> {
    try {
      const { statusCode, body } = await request(this.#url, {
        signal: AbortSignal.timeout(this.#deadlineMs),
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
      // one that has served nobody yet still tells of itself; a page of something else would count
      // as no requests
      if (!/^traefik_/m.test(text)) throw new Error('answered without metrics of Traefik');
      return text;
    } catch (error) {
      throw new Unavailable(
        `The gateway's metrics at ${this.#url}: ${error instanceof Error ? error.message : String(error)}.`,
        { code: 'metrics-unavailable', cause: error },
      );
    }
  }
}

/** `service`: its name up to the port. */
export function countersOf(text: string, service: string): Counters {
  return allCounters(text).get(service) ?? NOTHING_COUNTED;
}

/** By the name up to the port. 5xx and 429 count as errors: what the model could not answer. */
function allCounters(text: string): Map<string, Counters> {
  const all = new Map<string, Counters & { byBound: Map<number, number> }>();
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const labels = Object.fromEntries(
      [...match[2]!.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    const service = /^(.+?)-(?:http-)?[0-9]+@/.exec(labels['service'] ?? '')?.[1];
    if (service === undefined) continue;
    const counters = all.get(service) ?? {
      requests: 0,
      errors: 0,
      buckets: [],
      byBound: new Map<number, number>(),
    };
    all.set(service, counters);
    const value = Number(match[3]);
    if (match[1] === 'traefik_service_requests_total') {
      counters.requests += value;
      if (/^(5..|429)$/.test(labels['code'] ?? '')) counters.errors += value;
    } else {
      const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
      counters.byBound.set(bound, (counters.byBound.get(bound) ?? 0) + value);
    }
  }
  // JSON has no Infinity, and the progress of a rollout is kept as JSON
  return new Map(
    [...all].map(([service, { requests, errors, byBound }]) => [
      service,
      {
        requests,
        errors,
        buckets: [...byBound]
          .map(([bound, count]): [number, number] => [Math.min(bound, Number.MAX_VALUE), count])
          .sort(([a], [b]) => a - b),
      },
    ]),
  );
}
