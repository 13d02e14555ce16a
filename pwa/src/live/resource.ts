import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { mayPass, type Answer } from '../api/client.ts';
import type { EventView } from '../api/types.ts';
import { connection } from './connection.ts';

interface Options<T> {
  load(signal: AbortSignal): Promise<Answer<T>>;
  /** which events make it worth reading again */
  concerns?(event: EventView): boolean;
  /** changes the value at once from what the event says, before it is read again */
  apply?(value: T, event: EventView): T;
}

/** Several events of one transaction come together; one read answers them. */
const SETTLE_MS = 120;
/** What could not be read now is asked again: the page comes back by itself. */
export const AGAIN_MS = 1_500;

/**
 * Something read from the server that stays true: it is read again when an event concerns it and
 * when the line comes back.
 */
export class Resource<T> implements ReactiveController {
  value: T | undefined;
  error: unknown;
  loading = false;
  /** set when this is what was last seen, epoch ms */
  staleSince: number | undefined;
  #host: ReactiveControllerHost;
  #options: Options<T>;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;
  #key: unknown = {};

  constructor(host: ReactiveControllerHost, options: Options<T>) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  hostConnected(): void {
    this.#unsubscribe = connection.subscribe((event) => {
      if (!this.#options.concerns?.(event)) return;
      if (this.value !== undefined && this.#options.apply) {
        this.value = this.#options.apply(this.value, event);
        this.#host.requestUpdate();
      }
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.reload(), SETTLE_MS);
    });
    connection.addEventListener('reset', this.#onReset);
  }

  hostDisconnected(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    connection.removeEventListener('reset', this.#onReset);
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#key = {};
  }

  /**
   * Reads when `key` differs from the last one; call it from `willUpdate`. What was shown before
   * stays until the answer is here, unless `fresh`.
   */
  keyed(key: unknown, fresh = true): void {
    if (key === this.#key) return;
    this.#key = key;
    if (fresh) this.value = undefined;
    void this.reload();
  }

  async reload(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    this.#host.requestUpdate();
    try {
      const { value, staleSince } = await this.#options.load(abort.signal);
      if (abort.signal.aborted) return;
      this.value = value;
      this.staleSince = staleSince;
      this.error = undefined;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = error;
    }
    if (this.staleSince !== undefined || mayPass(this.error)) this.#later();
    this.loading = false;
    this.#host.requestUpdate();
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (this.#unsubscribe) this.#timer = setTimeout(() => void this.reload(), AGAIN_MS);
  }

  #onReset = (): void => void this.reload();
}
