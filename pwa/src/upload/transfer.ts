import { Upload, type DetailedError } from 'tus-js-client';
import { problemFromBody } from '../api/problem.ts';
import type { Item } from './item.ts';

const ENDPOINT = '/mlops/uploads';
const FIELDS = { model: 'modelFile', dockerfile: 'dockerfile', side: 'sideFiles' } as const;
const PART_BYTES = 32 * 1024 * 1024;
const RATE_WINDOW_MS = 4_000;
const BACK_OFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

/**
 * Sends one file over tus and never gives up for want of a network: it waits, says so, and goes on
 * from the byte that the server has. What the server refuses ends it with the server's reason.
 */
export class Transfer {
  #upload: Upload | undefined;
  #item: Item;
  #about: () => Record<string, string>;
  #changed: (worthKeeping?: boolean) => void;
  #samples: [at: number, sent: number][] = [];
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * `about` is what becomes of the file: the server refuses a version that cannot be before it
   * takes a byte. `changed(false)`: only a few bytes further, which the server knows too.
   */
  constructor(
    item: Item,
    about: () => Record<string, string>,
    changed: (worthKeeping?: boolean) => void,
  ) {
    this.#item = item;
    this.#about = about;
    this.#changed = changed;
  }

  start(): void {
    const item = this.#item;
    if (!item.file || item.state === 'done') return;
    removeEventListener('online', this.#retry);
    clearTimeout(this.#timer);
    this.#samples = [];
    item.state = navigator.onLine ? 'sending' : 'waiting';
    delete item.error;
    this.#upload = new Upload(item.file, {
      // of an upload that has begun, the client is not told where another could begin: it would
      // drop this one at the first 503
      ...(item.url ? { uploadUrl: item.url } : { endpoint: ENDPOINT }),
      chunkSize: PART_BYTES,
      retryDelays: null,
      storeFingerprintForResuming: false,
      headers: { 'X-Requested-With': 'creativeflow' },
      metadata: {
        filename: item.name,
        filetype: item.file.type || 'application/octet-stream',
        field: FIELDS[item.kind],
        ...this.#about(),
      },
      onUploadUrlAvailable: () => {
        if (this.#upload?.url) item.url = this.#upload.url;
        this.#changed();
      },
      onProgress: (sent) => this.#progress(sent),
      onSuccess: () => {
        Object.assign(item, { state: 'done', sent: item.size, rate: undefined });
        this.#changed();
      },
      onError: (error) => this.#failed(error as DetailedError),
    });
    this.#upload.start();
    this.#changed();
  }

  async pause(): Promise<void> {
    clearTimeout(this.#timer);
    removeEventListener('online', this.#retry);
    if (this.#item.state === 'sending' || this.#item.state === 'waiting')
      this.#item.state = 'paused';
    delete this.#item.rate;
    this.#changed();
    await this.#upload?.abort();
  }

  /** Stops, and has the server throw away what came. */
  async discard(): Promise<void> {
    await this.pause();
    if (this.#item.url)
      await Upload.terminate(this.#item.url, {
        headers: { 'X-Requested-With': 'creativeflow' },
        retryDelays: null,
      }).catch(() => {});
  }

  #progress(sent: number): void {
    const now = performance.now();
    this.#failures = 0;
    this.#samples = [...this.#samples.filter(([at]) => now - at < RATE_WINDOW_MS), [now, sent]];
    const [first] = this.#samples;
    const item = this.#item;
    if (first && now - first[0] > 400) item.rate = ((sent - first[1]) / (now - first[0])) * 1000;
    item.sent = sent;
    if (item.state === 'waiting') item.state = 'sending';
    this.#changed(false);
  }

  #failed(error: DetailedError): void {
    const item = this.#item;
    if (item.state === 'paused') return;
    const status = error.originalResponse?.getStatus() ?? 0;
    delete item.rate;
    if (item.url && (status === 404 || status === 410)) {
      // expired: begun anew
      delete item.url;
      item.sent = 0;
      return this.start();
    }
    if (passes(status, item.url !== undefined)) {
      item.state = 'waiting';
      addEventListener('online', this.#retry, { once: true });
      this.#timer = setTimeout(
        this.#retry,
        BACK_OFF_MS[Math.min(this.#failures++, BACK_OFF_MS.length - 1)],
      );
    } else {
      item.state = 'failed';
      item.error = problemFromBody(status, parsed(error.originalResponse?.getBody()));
    }
    this.#changed();
  }

  #retry = (): void => this.start();
}

/**
 * Whether the same may work later; 0: nothing answered. Of an upload that has begun, a conflict is
 * another connection that is not yet given up; before, it is a refusal.
 */
function passes(status: number, begun: boolean): boolean {
  if (status === 0 || status === 429 || status >= 500) return true;
  return begun && (status === 409 || status === 423);
}

function parsed(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? '');
  } catch {
    return undefined;
  }
}
