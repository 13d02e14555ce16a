import { request } from 'undici';
import { z } from 'zod';
import type { Counters } from '../../domain/rollouts/types.ts';
import { Unavailable } from '../../errors.ts';
import type { MetricsPort } from '../../services/ports/cluster.ts';

/**
 * What to ask of a gateway's counters, in PromQL. `$namespace` and `$revision` (the name of its
 * Service) are put in. Each counts from whenever the gateway began: the judgement takes the
 * differences itself.
 */
export interface PrometheusQueries {
  /** one number: requests that reached the revision */
  requests: string;
  /** one number: those that the model could not answer */
  errors: string;
  /** a number for each `le`, up to +Inf: requests that took no longer */
  buckets: string;
  /** of `le` */
  bucketUnit: 's' | 'ms';
}
export interface PrometheusSettings {
  /** its root, e.g. http://prometheus.monitoring:9090 */
  url: string;
  /** sent as a bearer token */
  token?: string | undefined;
  queries?: PrometheusQueries | undefined;
}

const DEADLINE_MS = 5_000;
const TRAEFIK = 'service=~"$namespace-$revision-(http-)?[0-9]+@.+"';
/** Traefik's, as adapters/traefik/metrics.ts reads them without a Prometheus. */
const TRAEFIK_QUERIES: PrometheusQueries = {
  requests: `sum(traefik_service_requests_total{${TRAEFIK}})`,
  errors: `sum(traefik_service_requests_total{${TRAEFIK},code=~"5..|429"})`,
  buckets: `sum by (le) (traefik_service_request_duration_seconds_bucket{${TRAEFIK}})`,
  bucketUnit: 's',
};

const Answer = z.object({
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});
type Sample = z.infer<typeof Answer>['data']['result'][number];

/**
 * Counters of any gateway, from a Prometheus that scrapes it
 * (https://prometheus.io/docs/prometheus/latest/querying/api/, instant queries).
 */
export class PrometheusMetrics implements MetricsPort {
  readonly #settings: PrometheusSettings;
  readonly #queries: PrometheusQueries;

  readonly #deadlineMs: number;

  constructor(settings: PrometheusSettings, deadlineMs = DEADLINE_MS) {
    this.#settings = settings;
    this.#deadlineMs = deadlineMs;
    this.#queries = settings.queries ?? TRAEFIK_QUERIES;
  }

  async counters(namespace: string, revision: string): Promise<Counters> {
    const ask = (query: string): Promise<Sample[]> =>
      this.#vector(query.replaceAll('$namespace', namespace).replaceAll('$revision', revision));
    const [requests, errors, buckets] = await Promise.all([
      ask(this.#queries.requests),
      ask(this.#queries.errors),
      ask(this.#queries.buckets),
    ]);
    return { requests: only(requests), errors: only(errors), buckets: this.#bounds(buckets) };
  }

  #bounds(samples: Sample[]): Counters['buckets'] {
    const perSecond = this.#queries.bucketUnit === 'ms' ? 1000 : 1;
    return samples
      .map(({ metric, value }): [number, number] => {
        // JSON has no Infinity
        const bound = metric['le'] === '+Inf' ? Number.MAX_VALUE : Number(metric['le']) / perSecond;
        if (Number.isNaN(bound))
          throw this.#unavailable(
            `a bucket has the bound ${metric['le'] ?? 'none'}; sum them by (le)`,
          );
        return [bound, numberOf(value[1])];
      })
      .sort(([a], [b]) => a - b);
  }

  async #vector(query: string): Promise<Sample[]> {
    const { url, token } = this.#settings;
    try {
      const { statusCode, body } = await request(
        `${url.replace(/\/$/, '')}/api/v1/query?query=${encodeURIComponent(query)}`,
        {
          signal: AbortSignal.timeout(this.#deadlineMs),
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        },
      );
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`answered ${statusCode}: ${text.slice(0, 300)}`);
      return Answer.parse(JSON.parse(text)).data.result;
    } catch (error) {
      throw this.#unavailable(
        error instanceof z.ZodError
          ? `${query} does not give a vector`
          : error instanceof Error
            ? error.message
            : String(error),
        error,
      );
    }
  }

  #unavailable(why: string, cause?: unknown): Unavailable {
    return new Unavailable(`Prometheus at ${this.#settings.url}: ${why}.`, {
      code: 'metrics-unavailable',
      cause,
    });
  }
}

/** A revision that the gateway has not met is in no series. */
const only = (samples: Sample[]): number =>
  samples.reduce((sum, { value }) => sum + numberOf(value[1]), 0);

/** NaN is what a sum of nothing may come to. */
function numberOf(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) ? value : 0;
}
