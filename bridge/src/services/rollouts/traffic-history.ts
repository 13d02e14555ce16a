import type { Sample } from '../../domain/rollouts/traffic.ts';
import { BridgeError } from '../../errors.ts';
import type { TrafficPort } from '../ports/cluster.ts';
import type { Clock, Logger } from '../ports/runtime.ts';

const SAMPLE_EVERY_SECONDS = 60;
/** An hour has 60 minutes between 61 samples. */
const SAMPLES_KEPT = 61;

export interface TrafficHistoryDeps {
  gateway: TrafficPort;
  clock: Clock;
  log: Logger;
}

/**
 * The gateway's counters of the last hour, one sample a minute, in memory: a bridge that starts
 * anew knows nothing from before, and says since when it counts. A minute in which the gateway did
 * not answer is a part of the next.
 */
export class TrafficHistory {
  readonly #deps: TrafficHistoryDeps;
  readonly #samples: Sample[] = [];
  #silent = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(deps: TrafficHistoryDeps) {
    this.#deps = deps;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  start(): this {
    void this.sample();
    this.#timer = setInterval(() => void this.sample(), SAMPLE_EVERY_SECONDS * 1000);
    return this;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async sample(): Promise<void> {
    const { gateway, clock, log } = this.#deps;
    try {
      const counters = await gateway.all();
      this.#samples.push({ at: clock.now(), counters });
      if (this.#samples.length > SAMPLES_KEPT) this.#samples.shift();
      this.#silent = false;
    } catch (error) {
      // told once, not each minute
      if (!this.#silent)
        log.warn(
          { reason: error instanceof BridgeError ? error.message : String(error) },
          'traffic.no-metrics',
        );
      this.#silent = true;
    }
  }
}
