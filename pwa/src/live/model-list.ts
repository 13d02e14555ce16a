import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { EventView, ModelPage, ModelRow } from '../api/types.ts';
import { models, type ModelsQuery } from '../api/mlops.ts';
import { mayPass } from '../api/client.ts';
import { connection } from './connection.ts';
import { AGAIN_MS } from './resource.ts';
import { newsOf } from './event-patch.ts';

const PAGE_ROWS = 100;
const SETTLE_MS = 250;

/**
 * The list of models, read in pages as they come into view, kept true by events. Rows not read yet
 * are undefined.
 */
export class ModelList implements ReactiveController {
  total: number | undefined;
  counts: Record<string, number> = {};
  /** all that waits for this person, not only what is loaded */
  needsMe: ModelPage['needsMe'];
  /** the question that what is shown answers */
  answered: ModelsQuery = {};
  error: unknown;
  staleSince: number | undefined;
  #host: ReactiveControllerHost;
  #pages = new Map<number, ModelRow[]>();
  #asked = new Set<number>();
  #query: ModelsQuery = {};
  #visible: [number, number] = [0, 0];
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #off: (() => void) | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#off = connection.subscribe((event) => this.#hear(event));
    connection.addEventListener('reset', this.refresh);
  }

  hostDisconnected(): void {
    this.#off?.();
    this.#off = undefined;
    connection.removeEventListener('reset', this.refresh);
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  row(index: number): ModelRow | undefined {
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Rows of the first page: where what changed last, and so what waits for a person, is found. */
  get head(): ModelRow[] {
    return this.#pages.get(0) ?? [];
  }

  /** A new question. The rows of the last one stay until the answer is here. */
  ask(query: ModelsQuery): void {
    this.#query = query;
    this.refresh();
  }

  /** Reads again what is in view; other pages when they come into view. */
  refresh = (): void => {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#asked.clear();
    const [from, to] = this.#visible;
    this.#need(0, true);
    for (let page = Math.floor(from / PAGE_ROWS); page <= Math.floor(to / PAGE_ROWS); page++)
      this.#need(page, true);
  };

  /** Says which rows are in view, so that they are read. */
  show(from: number, to: number): void {
    this.#visible = [from, to];
    for (let page = Math.floor(from / PAGE_ROWS); page <= Math.floor(to / PAGE_ROWS); page++)
      this.#need(page);
  }

  #need(page: number, again = false): void {
    if (this.#asked.has(page) || (!again && this.#pages.has(page))) return;
    this.#asked.add(page);
    void this.#read(page, this.#abort.signal);
  }

  async #read(page: number, signal: AbortSignal): Promise<void> {
    const query = this.#query;
    try {
      const { value, staleSince } = await models(
        { ...query, offset: page * PAGE_ROWS, limit: PAGE_ROWS },
        signal,
      );
      if (signal.aborted) return;
      if (page === 0) {
        // A new first page may mean new rows above: the others are read again when they are seen.
        for (const key of this.#pages.keys()) if (!this.#asked.has(key)) this.#pages.delete(key);
        this.counts = value.counts;
        this.needsMe = value.needsMe;
        this.answered = query;
        this.staleSince = staleSince;
      }
      this.total = value.total;
      this.#pages.set(page, value.items);
      this.error = undefined;
    } catch (error) {
      if (signal.aborted) return;
      this.#asked.delete(page);
      this.error = error;
    }
    if (this.staleSince !== undefined || mayPass(this.error)) this.#later(AGAIN_MS);
    this.#host.requestUpdate();
  }

  #hear(event: EventView): void {
    if (!event.modelId && !event.versionId) return;
    const news = newsOf(event);
    for (const rows of this.#pages.values()) {
      const row = rows.find((one) => one.newest?.id === event.versionId);
      if (row?.newest) {
        Object.assign(row.newest, news, news.status ? { changedAt: event.at } : {});
        this.#host.requestUpdate();
      }
    }
    this.#later(SETTLE_MS);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#off) this.#timer = setTimeout(this.refresh, ms);
  }
}
