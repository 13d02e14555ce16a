import { css, html, nothing, svg, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { t } from '../i18n/language.ts';
import { bytes, duration, percent } from '../i18n/format.ts';
import { CfElement } from '../shell/element.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons } from '../styles/shared.ts';
import type { FileKind, Item, ItemState } from '../upload/item.ts';
import { upload } from '../upload/index.ts';
import { sentences } from './error-notice.ts';
import './cf-icon.ts';

/**
 * One file: what it is, its bar with rate and time left, its digest, pause and resume. The small
 * properties only tell lit what changed.
 */
@customElement('cf-upload-item')
export class CfUploadItem extends CfElement {
  @property({ attribute: false }) item!: Item;
  @property({ type: Number }) sent = 0;
  @property() state: ItemState = 'ready';
  @property() digest: string | undefined;
  @property({ type: Number }) share: number | undefined;
  @property({ type: Number }) rate: number | undefined;
  @property() kind: FileKind = 'side';
  @state() private other = false;
  @query('input[type=file]') private picker!: HTMLInputElement;

  static override styles = [
    base,
    buttons,
    forms,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto auto;
        align-items: center;
        gap: var(--cf-2) var(--cf-3);
        padding: var(--cf-3) var(--cf-3) var(--cf-3) var(--cf-5);
      }
      .name {
        display: flex;
        align-items: baseline;
        gap: var(--cf-2);
        min-width: 0;
      }
      .name b {
        font-weight: 560;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .name span {
        white-space: nowrap;
      }
      select {
        width: 124px !important;
        min-height: 34px !important;
        padding: 4px 8px !important;
        font-size: var(--cf-text-s) !important;
        border-color: var(--cf-line) !important;
      }
      .acts {
        display: flex;
      }
      .below {
        grid-column: 1 / -1;
        display: grid;
        gap: 5px;
        padding-right: var(--cf-2);
      }
      .bar {
        display: block;
        width: 100%;
        height: 5px;
        border-radius: 3px;
        background: var(--cf-sunken);
      }
      .bar rect {
        fill: var(--cf-accent);
        transition: width 160ms linear;
      }
      .bar.done rect {
        fill: var(--cf-good);
      }
      .bar.paused rect,
      .bar.waiting rect,
      .bar.needsFile rect {
        fill: var(--cf-wait);
      }
      .bar.failed rect {
        fill: var(--cf-bad);
      }
      .line {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 var(--cf-4);
        min-height: 20px;
        font-size: var(--cf-text-s);
        color: var(--cf-muted);
      }
      .line .waiting,
      .line .needsFile,
      .line .paused {
        color: var(--cf-wait);
        font-weight: 560;
      }
      .line .done {
        color: var(--cf-good);
        font-weight: 560;
      }
      .line .failed {
        color: var(--cf-bad);
        font-weight: 560;
      }
      .line code {
        max-width: 200px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .again {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--cf-2) var(--cf-3);
        font-size: var(--cf-text-s);
      }
      @media (max-width: 520px) {
        :host {
          grid-template-columns: minmax(0, 1fr) auto;
          padding: var(--cf-3) var(--cf-3) var(--cf-3) var(--cf-4);
        }
        select {
          grid-row: 2;
          grid-column: 1;
        }
        .acts {
          grid-row: 2;
          grid-column: 2;
        }
        .name {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const { item } = this;
    const words = t().upload;
    const begun = Boolean(item.url) || item.state !== 'ready';
    return html`
      <div class="name">
        <b title=${item.name}>${item.name}</b
        ><span class="muted small num">${bytes(item.size)}</span>
      </div>
      <select
        aria-label=${words.kind(item.name)}
        ?disabled=${begun}
        @change=${(event: Event) => upload.setKind(item, (event.target as HTMLSelectElement).value as FileKind)}
      >
        ${(['model', 'dockerfile', 'side'] as const).map((kind) => html`<option value=${kind} ?selected=${item.kind === kind}>${words[kind]}</option>`)}
      </select>
      <div class="acts">
        ${item.state === 'sending' || item.state === 'waiting' ? this.#button('pause', words.pause(item.name), () => upload.pause(item)) : nothing}
        ${item.state === 'paused' || item.state === 'failed' ? this.#button('play', words.resume(item.name), () => upload.resume(item)) : nothing}
        ${this.#button('bin', words.remove(item.name), () => void upload.remove(item))}
      </div>
      <div class="below">
        ${begun ? this.#bar() : nothing}
        <div class="line num">
          ${this.#progress()}${item.digest ? html`<code title=${item.digest}>${item.digest.slice(0, 22)}…</code>` : this.share !== undefined ? html`<span>${words.digestRunning(percent(this.share))}</span>` : nothing}
        </div>
        ${item.state === 'failed' && item.error ? html`<div class="error" role="alert">${sentences(item.error)}</div>` : nothing}
        ${item.state === 'needsFile' ? this.#again() : nothing}
      </div>
    `;
  }

  #button(icon: 'pause' | 'play' | 'bin', label: string, act: () => void): TemplateResult {
    return html`<button
      type="button"
      class="button quiet icon small"
      aria-label=${label}
      title=${label}
      @click=${act}
    >
      <cf-icon name=${icon}></cf-icon>
    </button>`;
  }

  #bar(): TemplateResult {
    const share = this.item.size
      ? Math.min(100, (this.item.sent / this.item.size) * 100)
      : this.item.state === 'done'
        ? 100
        : 0;
    return html`<svg
      class="bar ${this.item.state}"
      role="progressbar"
      aria-label=${this.item.name}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(share)}
      preserveAspectRatio="none"
      viewBox="0 0 100 5"
    >
      ${svg`<rect width=${share} height="5" rx="0"/>`}
    </svg>`;
  }

  #progress(): TemplateResult {
    const { item } = this;
    const words = t().upload;
    if (item.state === 'ready' || item.state === 'done')
      return html`<span class=${item.state}>${words.states[item.state]}</span>`;
    const left = item.rate && item.rate > 0 ? (item.size - item.sent) / item.rate : undefined;
    const parts = [
      words.sent(bytes(item.sent), bytes(item.size)),
      item.rate ? words.rate(bytes(item.rate)) : '',
      left === undefined ? '' : words.left(duration(Math.max(1000, left * 1000))),
    ];
    return html`<span
      ><span class=${item.state}>${words.states[item.state]}</span> ·
      ${parts.filter(Boolean).join(' · ')}</span
    >`;
  }

  #again(): TemplateResult {
    const { item } = this;
    const words = t().upload;
    return html`<div class="again">
      <span>${this.other ? words.otherFile(item.name) : words.again(item.name)}</span>
      <button type="button" class="button small" @click=${this.#ask}>
        ${item.handle ? words.allow(item.name) : words.choose}
      </button>
      <input type="file" hidden aria-label=${words.choose} @change=${this.#picked} />
    </div>`;
  }

  async #ask(): Promise<void> {
    if (this.item.handle && (await upload.allow(this.item))) return;
    this.picker.click();
  }

  #picked(): void {
    const [file] = this.picker.files ?? [];
    if (file) this.other = !upload.again(this.item, file);
    this.picker.value = '';
  }
}
