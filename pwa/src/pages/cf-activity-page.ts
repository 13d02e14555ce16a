import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { EventView } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { Offline } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { language } from '../i18n/language.ts';
import { connection } from '../live/connection.ts';
import { CfElement } from '../shell/element.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { eventLine, eventLines, eventSentence } from '../view-model/event-line.ts';
import { stale, trouble } from '../components/error-notice.ts';
import '../components/cf-icon.ts';

const PAGE_EVENTS = 200;
const TOPICS = {
  all: '',
  status: 'version.status',
  scan: 'version.scan',
  build: 'version.build',
  deployment: 'deployment.',
  approval: 'approval.',
  endpoint: 'endpoint.',
} as const;
type Topic = keyof typeof TOPICS;
/** What people say to a rollout stands with what becomes of it. */
const isAbout = (name: string, topic: Topic): boolean =>
  name.startsWith(TOPICS[topic]) || (topic === 'deployment' && name.startsWith('rollout.'));

/** The journal, newest first: replayed from where it was kept, and going on while one looks. */
@customElement('cf-activity-page')
export class CfActivityPage extends CfElement {
  @state() private events: EventView[] = [];
  @state() private topic: Topic = 'all';
  @state() private term = '';
  @state() private error: unknown;
  @state() private staleSince: number | undefined;
  @state() private ready = false;
  @state() private olderFrom = 0;
  @query('#search') private search!: HTMLInputElement;
  #off: (() => void) | undefined;
  #names = new Map<number, string>();

  static override styles = [
    base,
    buttons,
    forms,
    notices,
    eventLines,
    css`
      h1 {
        margin-bottom: var(--cf-5);
      }
      .tools {
        display: flex;
        flex-wrap: wrap;
        gap: var(--cf-3);
        margin-bottom: var(--cf-5);
      }
      .tools input {
        flex: 1 1 220px;
        border-color: var(--cf-line) !important;
      }
      .tools select {
        width: 200px;
        border-color: var(--cf-line) !important;
      }
      h2 {
        margin: var(--cf-5) 0 var(--cf-2);
        font-size: var(--cf-text);
      }
      .card {
        padding: var(--cf-2) var(--cf-5);
      }
      .events li + li {
        border-top: 1px solid var(--cf-line);
      }
      .none {
        padding: var(--cf-7);
        text-align: center;
      }
      .older {
        margin-top: var(--cf-4);
      }
      @media (max-width: 520px) {
        .card {
          padding: var(--cf-2) var(--cf-4);
        }
        .tools select {
          width: 100%;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#off = connection.subscribe((event) => (this.events = [event, ...this.events]));
    connection.addEventListener('reset', this.#load);
    connection.addEventListener('state', this.#first);
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#off?.();
    connection.removeEventListener('reset', this.#load);
    connection.removeEventListener('state', this.#first);
  }

  focusSearch(): void {
    this.search?.focus();
  }

  override render(): TemplateResult {
    const words = t().activity;
    const shown = this.events.filter(
      (event) =>
        event.topic !== 'command' && isAbout(event.topic, this.topic) && this.#matches(event),
    );
    return html`
      <h1>${words.title}</h1>
      ${stale(this.staleSince)} ${trouble(this.error, () => void this.#load())}
      <div class="tools" role="search">
        <input
          id="search"
          type="search"
          aria-label=${words.searchLabel}
          placeholder=${words.searchLabel}
          aria-keyshortcuts="/"
          .value=${this.term}
          @input=${(event: Event) => (this.term = (event.target as HTMLInputElement).value.toLowerCase())}
        />
        <select
          aria-label=${words.filter}
          @change=${(event: Event) => (this.topic = (event.target as HTMLSelectElement).value as Topic)}
        >
          ${(Object.keys(TOPICS) as Topic[]).map((topic) => html`<option value=${topic} ?selected=${topic === this.topic}>${words.topics[topic]}</option>`)}
        </select>
      </div>
      ${
        shown.length
          ? this.#days(shown)
          : this.ready
            ? html`<div class="card none muted">
                ${
                  this.events.length
                    ? html`<p role="status">
                          ${words.noneMatch([this.term && `“${this.term}”`, this.topic !== 'all' && words.topics[this.topic]].filter(Boolean).join(' · '))}
                          ${words.loaded(this.events.length)}
                        </p>
                        <button type="button" class="button small" @click=${this.#clear}>
                          ${words.clear}
                        </button>`
                    : words.none
                }
              </div>`
            : html`<p class="muted" role="status">${this.error ? '' : t().app.loading}</p>`
      }
      ${this.olderFrom > 0 ? html`<p class="older"><button type="button" class="button" @click=${this.#older}>${words.older}</button></p>` : nothing}
    `;
  }

  #clear = (): void => {
    this.term = '';
    this.topic = 'all';
    void this.updateComplete.then(() => this.focusSearch());
  };

  #days(shown: EventView[]): TemplateResult[] {
    const days = Map.groupBy(shown, (event) => new Date(event.at).toDateString());
    return [...days.values()].map(
      (events) =>
        html`<h2>${dayName((events[0] as EventView).at)}</h2>
          <ul class="card events">
            ${events.map((event) => eventLine(event, this.#subject(event)))}
          </ul>`,
    );
  }

  #subject(event: EventView): string {
    const { model, modelName, version, versionName } = event.payload;
    const name =
      [model, modelName].find((one) => typeof one === 'string') ??
      this.#names.get(event.modelId ?? 0);
    const number = [version, versionName].find((one) => typeof one === 'string');
    return (
      [name, number].filter(Boolean).join(' ') ||
      (event.topic.startsWith('endpoint') ? t().activity.topics.endpoint : t().activity.system)
    );
  }

  #matches(event: EventView): boolean {
    if (!this.term) return true;
    const sentence = eventSentence(
      event,
      (key) => (t().status as Record<string, string>)[key] ?? key,
    );
    return `${this.#subject(event)} ${sentence} ${event.actor ?? ''} ${String(event.payload.reason ?? '')}`
      .toLowerCase()
      .includes(this.term);
  }

  /**
   * The stream is read forwards, so the newest page is what comes after the place a page before its
   * end.
   */
  #load = async (): Promise<void> => {
    try {
      const end = connection.position;
      const after = Math.max(0, (end ?? 0) - PAGE_EVENTS);
      const { value, staleSince } = await api.events({ after, limit: PAGE_EVENTS });
      await this.#learnNames(value.items);
      this.events = value.items.toSorted((a, b) => b.position - a.position);
      this.olderFrom = after;
      this.staleSince = staleSince;
      this.error = undefined;
      this.ready = end !== null || staleSince !== undefined || value.items.length < PAGE_EVENTS;
    } catch (error) {
      this.error = error;
    }
  };

  #first = (): void => {
    if (connection.state === 'live' && !this.ready) void this.#load();
  };

  async #older(): Promise<void> {
    const before = this.olderFrom;
    const after = Math.max(0, before - PAGE_EVENTS);
    const { value } = await api.events({ after, limit: before - after });
    await this.#learnNames(value.items);
    this.events = [
      ...this.events,
      ...value.items
        .filter((event) => event.position <= before)
        .toSorted((a, b) => b.position - a.position),
    ];
    this.olderFrom = after;
  }

  /** Events carry ids; the names come from the list of models, once. */
  async #learnNames(events: EventView[]): Promise<void> {
    if (
      events.every(
        (event) =>
          !event.modelId ||
          typeof event.payload.model === 'string' ||
          this.#names.has(event.modelId),
      )
    )
      return;
    try {
      const { value } = await api.models({ limit: 200 });
      for (const row of value.items) this.#names.set(row.id, row.name);
    } catch (error) {
      if (!(error instanceof Offline)) throw error;
    }
  }
}

function dayName(at: string): string {
  const days = Math.round(
    (new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000,
  );
  if (days === 0) return t().activity.today;
  if (days === 1) return t().activity.yesterday;
  return new Intl.DateTimeFormat(language(), { dateStyle: 'full' }).format(new Date(at));
}
