import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { VersionStatus } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { ModelList } from '../live/model-list.ts';
import { CfElement } from '../shell/element.ts';
import { mayUpload, session } from '../shell/session.ts';
import { go, hrefs } from '../shell/router.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { chips } from '../view-model/status.ts';
import { stale, trouble } from '../components/error-notice.ts';
import { modelCard, modelRow } from '../components/model-row.ts';
import { modelRows } from '../components/model-row.css.ts';
import { list } from './cf-models-page.css.ts';
import '../components/cf-icon.ts';

const TYPING_MS = 140;
/** Rows drawn above and below what is seen. */
const MARGIN_ROWS = 8;
const NEEDS_ME_SHOWN = 6;
const STATUSES: VersionStatus[] = [
  'Validated',
  'Validating',
  'ValidationFailed',
  'PendingStagingDeployment',
  'Staging',
  'StagingFailed',
  'PendingProdDeployment',
  'Live',
  'ProdFailed',
  'Superseded',
  'Archived',
];

/** What was asked last stays while one looks at a model and comes back. */
const asked: { search: string; status: VersionStatus | ''; order: 'recent' | 'name' } = {
  search: '',
  status: '',
  order: 'recent',
};

/** Home: what needs me, then every model. Only the rows in view exist. */
@customElement('cf-models-page')
export class CfModelsPage extends CfElement {
  @state() private over = false;
  @state() private allNeeds = false;
  @query('#search') private search!: HTMLInputElement;
  @query('.rows') private rows!: HTMLElement | null;
  #list = new ModelList(this);
  #typing: ReturnType<typeof setTimeout> | undefined;
  #range: [number, number] = [0, 24];

  static override styles = [base, buttons, forms, notices, chips, list, modelRows];

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('scroll', this.#look, { passive: true });
    addEventListener('resize', this.#look, { passive: true });
    this.#list.ask({ ...asked });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('scroll', this.#look);
    removeEventListener('resize', this.#look);
  }

  focusSearch(): void {
    this.search?.focus();
    this.search?.select();
  }

  override updated(_changed: PropertyValues): void {
    this.style.setProperty('--total', String(this.#list.total ?? 0));
    this.#look();
  }

  override render(): TemplateResult {
    const words = t().models;
    const filtered = asked.search !== '' || asked.status !== '';
    // an answer to another question says nothing of this one
    const asksAll = !filtered && !this.#list.answered.search && !this.#list.answered.status;
    if (this.#list.total === 0 && asksAll) return this.#empty();
    return html`
      <div class="head">
        <h1>${words.title}</h1>
        <span class="muted num" role="status"
          >${this.#list.total === undefined ? '' : words.count(this.#list.total)}</span
        >
      </div>
      ${stale(this.#list.staleSince)} ${this.#tools()}
      ${trouble(this.#list.error, this.#list.refresh)} ${filtered ? nothing : this.#needs()}
      ${this.#list.total === 0 ? this.#nothing() : this.#rows()}
    `;
  }

  #tools(): TemplateResult {
    const words = t().models;
    const { counts } = this.#list;
    return html`<div class="tools" role="search">
      <div class="find">
        <cf-icon name="search"></cf-icon
        ><input
          id="search"
          type="search"
          aria-label=${words.searchLabel}
          placeholder=${words.searchHint}
          .value=${asked.search}
          @input=${this.#type}
          aria-keyshortcuts="/"
        /><kbd aria-hidden="true">/</kbd>
      </div>
      <select id="status" aria-label=${words.status} @change=${this.#filter}>
        <option value="">${words.anyStatus}</option>
        ${STATUSES.map((status) => html`<option value=${status} ?selected=${asked.status === status}>${t().status[status]}${counts[status] ? ` (${counts[status]})` : ''}</option>`)}
      </select>
      <select id="order" aria-label=${words.order} @change=${this.#sort}>
        <option value="recent" ?selected=${asked.order === 'recent'}>${words.recent}</option>
        <option value="name" ?selected=${asked.order === 'name'}>${words.byName}</option>
      </select>
    </div>`;
  }

  /** What needs me, above all models; until the server says it, of those that are loaded. */
  #needs(): TemplateResult | typeof nothing {
    const words = t().models;
    const known = this.#list.needsMe;
    const waiting = known?.items ?? this.#list.head.filter((row) => row.needsMe);
    const waitingCount = known?.total ?? waiting.length;
    const shown = this.allNeeds ? waiting : waiting.slice(0, NEEDS_ME_SHOWN);
    if (!shown.length) return nothing;
    return html`<section aria-labelledby="needs">
        <h2 id="needs">
          ${words.needsYou}
          <span class="muted num" data-needs=${waitingCount}>${waitingCount}</span>
        </h2>
        <ul class="needs">
          ${shown.map(modelCard)}
        </ul>
        ${waitingCount > shown.length ? html`<p class="muted small more">${words.needsMore(waitingCount - shown.length)} ${waiting.length > shown.length ? html`<button type="button" class="button small" @click=${() => (this.allNeeds = true)}>${words.showAll}</button>` : nothing}</p>` : nothing}
      </section>
      <h2 class="all">${words.all}</h2>`;
  }

  #rows(): TemplateResult {
    const total = this.#list.total ?? (this.#list.error ? 0 : 6);
    const [from, to] = this.#range;
    const indexes = Array.from(
      { length: Math.max(0, Math.min(to, total) - from) },
      (_, i) => from + i,
    );
    if (total === 0) return html``;
    return html`<ul class="rows card" aria-busy=${this.#list.total === undefined}>
      ${indexes.map((index) => modelRow(this.#list.row(index), { index, total }))}
    </ul>`;
  }

  #nothing(): TemplateResult {
    const words = t().models;
    const { search, status } = this.#list.answered;
    return html`<div class="card nothing">
      <p role="status">${words.nothing(search ?? '', status ? t().status[status] : '')}</p>
      <button type="button" class="button" @click=${this.#clear}>${words.clear}</button>
    </div>`;
  }

  #empty(): TemplateResult {
    const words = t().models;
    return html`<h1 class="visually-hidden">${words.title}</h1>
      <div
        class="empty ${this.over ? 'over' : ''}"
        @dragover=${this.#drag}
        @dragleave=${() => (this.over = false)}
        @drop=${this.#drop}
      >
        <cf-icon name="upload"></cf-icon>
        <h2>${words.emptyTitle}</h2>
        <p class="muted">${words.emptyLead}</p>
        ${mayUpload(session.user) ? html`<a class="button primary" href=${hrefs.upload}>${words.emptyAction}</a>` : html`<p class="muted small">${t().upload.notYou}</p>`}
      </div>`;
  }

  /** Which rows are in view now. */
  #look = (): void => {
    const rows = this.rows;
    if (!rows || this.#list.total === undefined) return;
    const height = Number.parseFloat(getComputedStyle(this).getPropertyValue('--row-height')) || 68;
    const top = rows.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(-top / height) - MARGIN_ROWS);
    const to = Math.max(
      from,
      Math.min(this.#list.total, Math.ceil((innerHeight - top) / height) + MARGIN_ROWS),
    );
    this.style.setProperty('--before', String(from));
    this.#list.show(from, Math.max(from, to - 1));
    if (from === this.#range[0] && to === this.#range[1]) return;
    this.#range = [from, to];
    this.requestUpdate();
  };

  #type(): void {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      asked.search = this.search.value.trim();
      this.#askAnew();
    }, TYPING_MS);
  }

  #filter(event: Event): void {
    asked.status = (event.target as HTMLSelectElement).value as VersionStatus | '';
    this.#askAnew();
  }

  #sort(event: Event): void {
    asked.order = (event.target as HTMLSelectElement).value as 'recent' | 'name';
    this.#askAnew();
  }

  #clear(): void {
    Object.assign(asked, { search: '', status: '' });
    this.#askAnew();
    void this.updateComplete.then(() => this.focusSearch());
  }

  #askAnew(): void {
    this.#list.ask({ ...asked });
    this.requestUpdate();
  }

  #drag(event: DragEvent): void {
    event.preventDefault();
    this.over = true;
  }

  async #drop(event: DragEvent): Promise<void> {
    event.preventDefault();
    this.over = false;
    if (!mayUpload(session.user)) return;
    const { upload, filesOf } = await import('../upload/index.ts');
    await upload.add(await filesOf(event.dataTransfer));
    go(hrefs.upload);
  }
}
