import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { ActionAccepted, AllowedAction, Strategy, VersionDetail } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { ApiProblem, Offline } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { toasts } from '../shell/toasts.ts';
import { hrefs } from '../shell/router.ts';
import { base, buttons, forms, notices } from '../styles/shared.ts';
import { actionName, isDangerous, needsReason } from '../view-model/action-words.ts';
import { comparison, type Compared } from '../view-model/comparison.ts';
import { where } from './cf-findings.ts';
import { sentence, stepWords } from '../view-model/step-words.ts';
import { offeredStrategies, preselectedStrategy } from '../view-model/strategy-choice.ts';
import { drawing, drawings } from './strategy-diagram.ts';
import { chips } from '../view-model/status.ts';
import { trouble } from './error-notice.ts';
import { sheetStyles } from './cf-action-sheet.css.ts';
import type { CfSheet } from './cf-sheet.ts';
import './cf-sheet.ts';
import './cf-capacity-check.ts';
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
    const decides = name === 'deploy' || name === 'promote';
    const what = t().version.of(this.detail.name, this.detail.model.name);
    return html`<cf-sheet
      ?narrow=${!decides}
      heading=${this.#title(what)}
      @closed=${() => this.dispatchEvent(new Event('closed'))}
    >
      <form id="decide" @submit=${this.#submit}>
        ${decides || name === 'accept-waiver' ? this.#about() : nothing}
        ${decides ? this.#compare() : nothing}
        ${decides || name.endsWith('-waiver') ? this.#findings() : nothing}
        ${name === 'promote' ? this.#strategies() : nothing} ${this.#words()}
      </form>
      <div slot="footer">
        <p class="sentence" id="sentence">
          ${this.#sentence(what)}${this.action.supersedes ? ` ${t().actions.supersedes(this.action.supersedes)}` : nothing}
        </p>
        ${
          this.error instanceof Offline
            ? html`<div class="notice bad" role="alert">
                <cf-icon name="offline"></cf-icon>
                <div>${t().line.offlineAction}</div>
              </div>`
            : this.#stale()
              ? html`<div class="notice wait" role="alert">
                  <cf-icon name="info"></cf-icon>
                  <div>${t().actions.stale}</div>
                </div>`
              : trouble(this.error)
        }
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
      </div>
    </cf-sheet>`;
  }

  #title(what: string): string {
    const words = t().actions;
    switch (this.action.name) {
      case 'deploy':
        return words.deployTitle(what);
      case 'promote':
        return words.promoteTitle(what);
      case 'rollback':
        return this.action.bringsBack
          ? words.rollbackTo(this.detail.model.name, this.action.bringsBack)
          : words.rollbackTitle(this.detail.model.name);
      case 'reject':
        return words.rejectTitle(what);
      case 'request-waiver':
        return words.requestWaiverTitle(what);
      case 'accept-waiver':
        return words.acceptWaiverTitle(what);
      case 'refuse-waiver':
        return words.refuseWaiverTitle(what);
      case 'rescan':
        return words.rescanTitle(what);
      case 'archive':
        return words.archiveTitle(what);
      case 'skip-step':
        return words.skipStepTitle(what);
      case 'abort-rollout':
        return words.abortTitle(what);
      default:
        return words.names[this.action.name];
    }
  }

  #sentence(what: string): string {
    const words = t().actions;
    switch (this.action.name) {
      case 'deploy':
        return this.detail.imageDigest ? words.redeployConfirm(what) : words.deployConfirm(what);
      case 'promote':
        return words.promoteConfirm[this.strategy](this.detail.name, this.live?.name ?? null);
      case 'rollback':
        return (
          this.action.strategies?.includes('recreate') ? words.rollbackGap : words.rollbackConfirm
        )(this.detail.name, this.action.bringsBack ?? words.earlier);
      case 'reject':
        return words.rejectConfirm(what);
      case 'request-waiver':
        return words.requestWaiverConfirm;
      case 'accept-waiver':
        return words.acceptWaiverConfirm(what);
      case 'refuse-waiver':
        return words.refuseWaiverConfirm(what);
      case 'rescan':
        return words.rescanConfirm;
      case 'archive':
        return words.archiveConfirm(what);
      case 'abort-rollout':
        return words.abortConfirm(this.detail.name, this.live?.name ?? null);
      case 'skip-step':
        return this.#skipped();
      default:
        return words.names[this.action.name];
    }
  }

  /** The step that would not be waited for, or not be judged. */
  #skipped(): string {
    const deployment = this.detail.deployments.find((one) => one.id === this.action.deploymentId);
    const step = (deployment?.observed?.rollout?.steps ?? deployment?.steps)?.[
      this.action.step ?? -1
    ];
    return step ? sentence(stepWords(step, this.#scene)) : t().actions.names['skip-step'];
  }

  get #scene() {
    return { replicas: Number(this.detail.serving?.['replicas'] ?? 1), version: this.detail.name };
  }

  /** What it is for and which files it is made of, as the uploader says. */
  #about(): TemplateResult {
    const { description, artifacts } = this.detail;
    return html`<section class="about">
      ${description ? html`<p>${description}</p>` : nothing}
      <details>
        <summary class="muted small">${t().version.files} (${artifacts.length})</summary>
        <ul class="small">
          ${artifacts.map((file) => html`<li><b>${file.filename}</b> <code title=${file.digest}>${file.digest.slice(0, 19)}</code></li>`)}
        </ul>
      </details>
    </section>`;
  }

  #compare(): TemplateResult {
    const words = t().actions;
    const rows = comparison(this.detail, this.live);
    const same = rows.filter((row, index) => row.same && index > 0);
    return html`<section aria-labelledby="compare">
      <h3 id="compare">${this.live ? words.compare : words.nothingLive}</h3>
      <table>
        ${
          this.live
            ? html`<thead>
                <tr>
                  <td></td>
                  <th scope="col">${words.now}</th>
                  <th scope="col">${words.then}</th>
                </tr>
              </thead>`
            : nothing
        }
        <tbody>
          ${rows.filter((row) => !row.same || row === rows[0]).map((row) => this.#row(row))}
        </tbody>
      </table>
      ${
        same.length
          ? html`<details>
              <summary class="muted small">${words.sameCount(same.length)}</summary>
              <table>
                <tbody>
                  ${same.map((row) => this.#row(row))}
                </tbody>
              </table>
            </details>`
          : nothing
      }
    </section>`;
  }

  #row(row: Compared): TemplateResult {
    return html`<tr class=${row.same ? 'same' : ''}>
      <th scope="row">${row.name}</th>
      ${this.live ? html`<td class="num ${row.code ? 'mono' : ''}">${row.now}</td>` : nothing}
      <td class="num ${row.code ? 'mono' : ''}">${row.then}</td>
    </tr>`;
  }

  #findings(): TemplateResult {
    const words = t().findings;
    const noted = this.detail.findings;
    return html`<section>
      <h3>${t().actions.findingsTitle}</h3>
      ${
        noted.length
          ? html`<ul class="findings">
              ${noted.slice(0, 6).map(
                (one) =>
                  html`<li>
                    <span
                      class="chip plain ${one.verdict === 'block' ? 'bad' : one.verdict === 'review' ? 'wait' : ''}"
                      >${words.severity[one.severity]}</span
                    ><span>${one.why} <span class="muted small">${where(one)}</span></span>
                  </li>`,
              )}
            </ul>`
          : html`<p class="clean"><cf-icon name="check"></cf-icon>${t().actions.clean}</p>`
      }
    </section>`;
  }

  #strategies(): TemplateResult {
    const words = t().strategy;
    const offered = offeredStrategies(this.action);
    return html`<fieldset>
      <legend><h3>${t().actions.strategyTitle}</h3></legend>
      ${offered.map((strategy) => {
        // where nothing serves yet there is nobody to try it beside: it is started, asked and
        // opened
        const own = this.live ? this.action.steps : undefined;
        const steps =
          strategy === 'canary' && own
            ? own.map((step) => sentence(stepWords(step, this.#scene)))
            : strategy === 'rolling'
              ? words.rollingSteps
              : strategy === 'recreate' && this.live
                ? words.recreateSteps
                : words.blueGreenSteps;
        const lead = {
          'blue-green': words.blueGreenLead,
          rolling: words.rollingLead,
          canary: words.canaryLead,
          recreate: words.recreateLead,
        }[strategy];
        return html`<label class="choice ${strategy === this.strategy ? 'chosen' : ''}">
          <input
            type="radio"
            name="strategy"
            value=${strategy}
            .checked=${strategy === this.strategy}
            @change=${() => (this.strategy = strategy)}
          />
          <span
            ><b>${words[strategy]}</b><span class="muted small lead">${lead}</span>
            ${strategy === this.strategy ? html`${drawing(strategy)}<span class="steps small">${steps.map((step, i) => html`<span><i class="num">${i + 1}</i>${step}</span>`)}</span><cf-capacity-check class="small" .detail=${this.detail} strategy=${strategy}></cf-capacity-check>` : nothing}
          </span>
        </label>`;
      })}
    </fieldset>`;
  }

  #words(): TemplateResult | typeof nothing {
    const { name } = this.action;
    if (name === 'rescan' || name === 'archive') return nothing;
    const words = t().actions;
    const asksReason = needsReason(name) || name === 'rollback';
    return html`${name === 'request-waiver' ? this.#expiry() : nothing}
      <div class="field">
        <label for="words"
          >${asksReason ? words.reason : words.comment}${needsReason(name) ? nothing : html` <span class="muted">(${t().upload.optional})</span>`}</label
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
      const answer = await this.#send(words);
      const done = t().actions.done[this.action.name](
        t().version.of(this.detail.name, this.detail.model.name),
      );
      toasts.show({
        kind: 'good',
        text: done,
        ...(answer.versionId && answer.versionId !== this.detail.id
          ? { href: hrefs.version(this.detail.model.id, answer.versionId) }
          : {}),
      });
      this.dispatchEvent(new Event('stale'));
      this.sheet.close();
    } catch (error) {
      this.error = error;
      if (this.#stale()) this.dispatchEvent(new Event('stale'));
    } finally {
      this.busy = false;
    }
  }

  #send(words: string | undefined): Promise<ActionAccepted> {
    const { id, model } = this.detail;
    const seen = this.#seen;
    switch (this.action.name) {
      case 'deploy':
        return api.act('deploy', model.id, id, { target: 'staging', seen, comment: words });
      case 'promote':
        return api.act('promote', model.id, id, {
          target: 'production',
          strategy: this.strategy,
          seen,
          comment: words,
        });
      case 'rollback':
        return api.act('rollback', model.id, id, { target: 'production', seen, reason: words });
      case 'reject':
        return api.act('reject', model.id, id, { reason: words ?? '', seen });
      case 'request-waiver':
        return api.act('request-waiver', model.id, id, {
          reason: words ?? '',
          expiresOn: this.until?.value || null,
          seen,
        });
      case 'accept-waiver':
        return api.act('accept-waiver', model.id, id, { seen, comment: words });
      case 'refuse-waiver':
        return api.act('refuse-waiver', model.id, id, { reason: words ?? '', seen });
      case 'rescan':
        return api.act('rescan', model.id, id, { seen });
      case 'archive':
        return api.act('archive', model.id, id, { seen });
      case 'skip-step':
        return api.act('skip-step', model.id, id, {
          deploymentId: this.action.deploymentId ?? 0,
          step: this.action.step ?? 0,
          reason: words ?? '',
        });
      case 'abort-rollout':
        return api.act('abort-rollout', model.id, id, {
          deploymentId: this.action.deploymentId ?? 0,
          reason: words ?? '',
        });
      default:
        throw new Error(`${this.action.name} is done without asking`);
    }
  }
}
