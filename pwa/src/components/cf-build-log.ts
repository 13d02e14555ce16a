import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { buildLogPath } from '../api/mlops.ts';
import { problemFrom } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { trouble } from './error-notice.ts';
import './cf-icon.ts';

const RETRY_MS = 3_000;
/** Lines kept on screen; the download has them all. */
const SHOWN_LINES = 5_000;

/** The build's log, followed while it runs, searchable, to be had as a file. */
@customElement('cf-build-log')
export class CfBuildLog extends CfElement {
  @property({ type: Number }) modelId = 0;
  @property({ type: Number }) versionId = 0;
  @property() buildState = 'none';
  @state() private lines: string[] = [];
  @state() private following = false;
  @state() private pinned = true;
  @state() private term = '';
  @state() private error: unknown;
  @query('.lines') private box!: HTMLElement | null;
  #abort: AbortController | undefined;

  static override styles = [
    base,
    buttons,
    forms,
    notices,
    css`
      .tools {
        display: flex;
        align-items: center;
        gap: var(--cf-3);
        padding: var(--cf-3);
        border-bottom: 1px solid var(--cf-line);
      }
      .tools input {
        max-width: 260px;
        min-height: 34px !important;
        border-color: var(--cf-line) !important;
      }
      .tools .gap {
        flex: 1;
      }
      .none,
      .notice {
        margin: var(--cf-5);
      }
      .lines {
        max-height: 520px;
        min-height: 120px;
        overflow: auto;
        padding: var(--cf-4) 0;
        background: var(--cf-sunken);
        font: var(--cf-text-xs) / 1.65 var(--cf-mono);
        tab-size: 4;
      }
      .lines:focus-visible {
        outline-offset: -3px;
      }
      .l {
        display: block;
        padding: 0 var(--cf-4) 0 58px;
        text-indent: -46px;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .l i {
        display: inline-block;
        width: 34px;
        margin-right: 12px;
        text-indent: 0;
        text-align: right;
        font-style: normal;
        color: var(--cf-muted);
        user-select: none;
      }
      .l.err {
        color: var(--cf-bad);
      }
      mark {
        background: var(--cf-wait-soft);
        color: inherit;
        border-radius: 3px;
        box-shadow: 0 0 0 1px var(--cf-wait);
      }
      .live {
        display: flex;
        align-items: center;
        gap: 6px;
        color: var(--cf-busy);
      }
      @media (max-width: 520px) {
        .words {
          display: none;
        }
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#abort?.abort();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const anotherBuild =
      changed.has('versionId') ||
      (changed.has('buildState') && !(changed.get('buildState') === 'running' && this.following));
    if (anotherBuild && this.buildState !== 'none') void this.#read();
  }

  override updated(): void {
    if (this.following && this.pinned && this.box) this.box.scrollTop = this.box.scrollHeight;
  }

  override render(): TemplateResult {
    const words = t().log;
    if (this.buildState === 'none' && !this.lines.length)
      return html`<p class="none muted">${words.none}</p>`;
    const term = this.term.toLowerCase();
    const shown = this.lines
      .map((text, index) => ({ text, index }))
      .filter(({ text }) => !term || text.toLowerCase().includes(term))
      .slice(-SHOWN_LINES);
    const path = buildLogPath(this.modelId, this.versionId);
    return html`
      <div class="tools">
        <input
          type="search"
          aria-label=${words.searchLabel}
          placeholder=${words.searchLabel}
          .value=${this.term}
          @input=${(event: Event) => (this.term = (event.target as HTMLInputElement).value)}
        />
        <span class="muted small num" role="status"
          >${term ? words.matches(shown.length) : nothing}</span
        >
        <span class="gap"></span>
        ${this.following ? html`<span class="live small"><cf-icon name="spin"></cf-icon>${words.following}</span>` : nothing}
        <a
          class="button quiet small"
          href=${path}
          download="build-${this.versionId}.log"
          aria-label=${t().app.download}
          ><cf-icon name="download"></cf-icon><span class="words">${t().app.download}</span></a
        >
      </div>
      ${trouble(this.error, () => void this.#read())}
      <div
        class="lines"
        tabindex="0"
        role="log"
        aria-live="off"
        aria-label=${words.lines}
        @scroll=${this.#scrolled}
      >
        ${shown.map(({ text, index }) => html`<span class="l ${/\b(error|failed|fatal)\b/i.test(text) ? 'err' : ''}"><i>${index + 1}</i>${this.#marked(text, term)}</span>`)}
        ${term && !shown.length ? html`<span class="l muted">${words.noMatch(term)}</span>` : nothing}
      </div>
    `;
  }

  #marked(text: string, term: string): unknown {
    const at = term ? text.toLowerCase().indexOf(term) : -1;
    if (at < 0) return text;
    return html`${text.slice(0, at)}<mark>${text.slice(at, at + term.length)}</mark>${text.slice(at + term.length)}`;
  }

  #scrolled(): void {
    const box = this.box;
    if (box) this.pinned = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  }

  /**
   * Reads from the start; while the build runs the answer stays open and lines come as they are
   * written.
   */
  async #read(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const follow = this.buildState === 'running' || this.buildState === 'wanted';
    this.following = follow;
    this.error = undefined;
    try {
      const response = await fetch(
        `${buildLogPath(this.modelId, this.versionId)}${follow ? '?follow=1' : ''}`,
        { signal: abort.signal, credentials: 'same-origin' },
      );
      if (response.status === 404) {
        this.lines = [];
        if (follow) this.#later(abort);
        return;
      }
      if (!response.ok) throw await problemFrom(response);
      await this.#take(response, abort.signal);
      this.following = false;
    } catch (error) {
      if (abort.signal.aborted) return;
      if (follow) this.#later(abort);
      else this.error = error;
    }
  }

  async #take(response: Response, signal: AbortSignal): Promise<void> {
    const lines: string[] = [];
    let rest = '';
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const part = await reader?.read();
      if (signal.aborted || !part || part.done) break;
      const pieces = (rest + part.value).split('\n');
      rest = pieces.pop() ?? '';
      lines.push(...pieces);
      this.lines = [...lines];
    }
    if (signal.aborted) return;
    this.lines = rest ? [...lines, rest] : lines;
  }

  #later(abort: AbortController): void {
    setTimeout(() => {
      if (!abort.signal.aborted) void this.#read();
    }, RETRY_MS);
  }
}
