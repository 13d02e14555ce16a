import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { AllowedAction, Strategy, VersionDetail } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { ApiProblem, Offline } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { toasts } from '../shell/toasts.ts';
import { hrefs } from '../shell/router.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { actionName, bodyOf, isDangerous, needsReason } from '../view-model/action-words.ts';
import { ACTION_VIEWS, type Decision } from '../view-model/actions.ts';
import { preselectedStrategy } from '../view-model/strategy-choice.ts';
import { drawings } from './strategy-diagram.ts';
import { chips } from '../view-model/status.ts';
import {
  aboutSection,
  comparisonSection,
  findingsSection,
  strategySection,
} from './action-sheet-sections.ts';
import { trouble } from './error-notice.ts';
import { sheetStyles } from './cf-action-sheet.css.ts';
import type { CfSheet } from './cf-sheet.ts';
import './cf-sheet.ts';
import './cf-icon.ts';

const DAY_MS = 24 * 3600_000;
const WAIVER_DAYS = { usual: 90, max: 365 };

/**
 * What one sees before deciding: what changes against what runs now, what the scan says, how it is
 * done, and a sentence that says what will happen. Fires `stale` when somebody was faster, and
 * `closed`.
 */
@customElement('cf-action-sheet')
export class CfActionSheet extends CfElement {
  @property({ attribute: false }) action!: AllowedAction;
  @property({ attribute: false }) detail!: VersionDetail;
  @property({ attribute: false }) live: VersionDetail | undefined;
  @property({ type: Boolean }) liveKnown = false;
  @state() private strategy: Strategy = 'blue-green';
  @state() private busy = false;
  @state() private error: unknown;
  @state() private missing = false;
  @query('cf-sheet') private sheet!: CfSheet;
  @query('textarea') private text!: HTMLTextAreaElement | null;
  @query('#until') private until!: HTMLInputElement | null;
  /**
   * what was looked at when the sheet opened: an answer for another state is refused by the server
   */
  #seen = 0;

  static override styles = [base, buttons, forms, notices, chips, drawings, sheetStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#seen = this.detail.lockVersion;
    this.strategy = preselectedStrategy(this.action);
  }

  override render(): TemplateResult {
    const { name } = this.action;
    const { shows = [], title } = ACTION_VIEWS[name];
    return html`<cf-sheet
      ?narrow=${!shows.includes('comparison')}
      heading=${title?.(this.#decision) ?? t().actions.names[name]}
      @closed=${() => this.dispatchEvent(new Event('closed'))}
    >
      <form id="decide" @submit=${this.#submit}>
        ${shows.includes('about') ? aboutSection(this.detail) : nothing}
        ${shows.includes('comparison') ? comparisonSection(this.detail, this.live) : nothing}
        ${shows.includes('findings') ? findingsSection(this.detail) : nothing}
        ${shows.includes('strategy') ? strategySection(this.#decision, (chosen) => (this.strategy = chosen)) : nothing}
        ${shows.includes('expiry') ? this.#expiry() : nothing} ${this.#words()}
      </form>
      ${this.#footer()}
    </cf-sheet>`;
  }

  #footer(): TemplateResult {
    const { name, supersedes } = this.action;
    const effect = ACTION_VIEWS[name].effect?.(this.#decision) ?? t().actions.names[name];
    return html`<div slot="footer">
      <p class="sentence" id="sentence">
        ${effect}${supersedes ? ` ${t().actions.supersedes(supersedes)}` : nothing}
      </p>
      ${this.#trouble()}
      <div class="buttons">
        <button type="button" class="button quiet" @click=${() => this.sheet.close()}>
          ${t().app.cancel}
        </button>
        <button
          type="submit"
          class="button ${isDangerous(name) ? 'danger' : 'primary'}"
          aria-disabled=${this.busy}
          aria-describedby="sentence"
          @click=${this.#submit}
        >
          ${this.busy ? html`<cf-icon name="spin"></cf-icon>${t().actions.sending}` : actionName(this.detail, this.action)}
        </button>
      </div>
    </div>`;
  }

  #trouble(): TemplateResult | typeof nothing {
    if (this.error instanceof Offline)
      return html`<div class="notice bad" role="alert">
        <cf-icon name="offline"></cf-icon>
        <div>${t().line.offlineAction}</div>
      </div>`;
    if (this.#stale())
      return html`<div class="notice wait" role="alert">
        <cf-icon name="info"></cf-icon>
        <div>${t().actions.stale}</div>
      </div>`;
    return trouble(this.error);
  }

  get #decision(): Decision {
    const { detail, live, action, strategy } = this;
    return { detail, live, action, strategy };
  }

  #words(): TemplateResult | typeof nothing {
    const asked = ACTION_VIEWS[this.action.name].words;
    if (!asked) return nothing;
    const words = t().actions;
    const asksReason = asked !== 'comment';
    const isRequired = asked === 'required-reason';
    return html`<div class="field">
      <label for="words"
        >${asksReason ? words.reason : words.comment}${isRequired ? nothing : html` <span class="muted">(${t().upload.optional})</span>`}</label
      >
      <textarea
        id="words"
        rows="3"
        maxlength="2000"
        aria-invalid=${this.missing}
        aria-describedby="words-hint"
        @input=${() => (this.missing = false)}
      ></textarea>
      <span class=${this.missing ? 'error' : 'hint'} id="words-hint"
        >${this.missing ? words.rejectNeedsReason : asksReason ? nothing : words.commentHint}</span
      >
    </div>`;
  }

  #expiry(): TemplateResult {
    const day = (ahead: number): string =>
      new Date(Date.now() + ahead * DAY_MS).toISOString().slice(0, 10);
    return html`<div class="field">
      <label for="until">${t().actions.until}</label>
      <input
        id="until"
        type="date"
        min=${day(1)}
        max=${day(WAIVER_DAYS.max)}
        .value=${day(WAIVER_DAYS.usual)}
      />
    </div>`;
  }

  #stale(): boolean {
    return (
      this.error instanceof ApiProblem && this.error.status === 409 && this.error.code === 'stale'
    );
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const words = this.text?.value.trim() || undefined;
    if (needsReason(this.action.name) && !words) {
      this.missing = true;
      this.text?.focus();
      return;
    }
    this.busy = true;
    this.error = undefined;
    try {
      await this.#decide(words);
      this.dispatchEvent(new Event('stale'));
      this.sheet.close();
    } catch (error) {
      this.error = error;
      if (this.#stale()) this.dispatchEvent(new Event('stale'));
    } finally {
      this.busy = false;
    }
  }

  async #decide(words: string | undefined): Promise<void> {
    const { name } = this.action;
    const { id, name: version, model } = this.detail;
    const body = bodyOf(this.#decision, {
      seen: this.#seen,
      ...(words === undefined ? {} : { words }),
      expiresOn: this.until?.value || null,
    });
    const { versionId } = await api.act(name, model.id, id, body);
    toasts.show({
      kind: 'good',
      text: t().actions.done[name](t().version.of(version, model.name)),
      ...(versionId && versionId !== id ? { href: hrefs.version(model.id, versionId) } : {}),
    });
  }
}
