import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import type { AllowedAction, VersionDetail } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { t } from '../i18n/language.ts';
import { Resource } from '../live/resource.ts';
import { newsOf } from '../live/event-patch.ts';
import { CfElement } from '../shell/element.ts';
import { hrefs } from '../shell/router.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { chips, statusChip } from '../view-model/status.ts';
import { stale, trouble } from '../components/error-notice.ts';
import { versionAnswer } from '../components/version-answer.ts';
import { actionName, availableActions, isDangerous } from '../view-model/action-words.ts';
import { ACTION_VIEWS } from '../view-model/actions.ts';
import { TABS, firstTab, type Tab } from '../view-model/version-tabs.ts';
import { versionPage } from './cf-version-page.css.ts';
import '../components/cf-pipeline.ts';
import '../components/cf-time.ts';
import '../components/cf-facts.ts';
import '../components/cf-findings.ts';
import '../components/cf-deployments.ts';
import { rolloutOf } from '../view-model/rollout-view.ts';
import '../components/cf-event-log.ts';
import '../components/cf-build-log.ts';

/** One version: the road, what may be done now, and everything known about it. */
@customElement('cf-version-page')
export class CfVersionPage extends CfElement {
  @property({ type: Number }) modelId = 0;
  @property({ type: Number }) versionId = 0;
  @state() private tab: Tab | undefined;
  /** a new object each time: one that is closing must not be taken for the next */
  @state() private sheet: { action: AllowedAction } | undefined;
  #detail = new Resource<VersionDetail>(this, {
    load: (signal) => api.version(this.modelId, this.versionId, signal),
    concerns: (event) =>
      event.versionId === this.versionId ||
      (event.modelId === this.modelId && event.topic === 'endpoint.changed'),
    apply: (value, event) =>
      event.versionId === this.versionId ? { ...value, ...newsOf(event) } : value,
  });
  #live = new Resource<VersionDetail | undefined>(this, {
    load: (signal) => this.#loadLive(signal),
  });

  static override styles = [base, buttons, notices, chips, versionPage];

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('versionId')) {
      this.tab = undefined;
      this.sheet = undefined;
    }
    this.#detail.keyed(`${this.modelId}/${this.versionId}`);
    const detail = this.#detail.value;
    if (detail) {
      document.title = `${detail.model.name} ${detail.name} · ${t().app.name}`;
      // What serves now is read once for each state of this version: it is what the facts are
      // compared with.
      this.#live.keyed(`${detail.id}/${detail.status}`);
    }
  }

  async #loadLive(signal: AbortSignal): Promise<{ value: VersionDetail | undefined }> {
    const { value: model } = await api.model(this.modelId, signal);
    if (!model.liveVersion || model.liveVersion.id === this.versionId) return { value: undefined };
    return api.version(this.modelId, model.liveVersion.id, signal);
  }

  override render(): TemplateResult {
    const { sheet } = this;
    const detail = this.#detail.value;
    if (!detail)
      return this.#detail.error
        ? html`${trouble(this.#detail.error, () => void this.#detail.reload())}`
        : html`<p class="muted" role="status">${t().app.loading}</p>`;
    return html`
      ${stale(this.#detail.staleSince)} ${this.#head(detail)} ${this.#roadCard(detail)}
      ${this.#rollout(detail)}
      <div class="columns">
        <section class="main">${this.#tabs(detail)}</section>
        <cf-facts class="card side" .detail=${detail} .live=${this.#live.value}></cf-facts>
      </div>
      ${
        sheet
          ? keyed(
              sheet,
              html`<cf-action-sheet
                .action=${sheet.action}
                .detail=${detail}
                .live=${this.#live.value}
                .liveKnown=${!this.#live.loading}
                @closed=${() => this.#closed(sheet)}
                @stale=${() => void this.#detail.reload()}
              ></cf-action-sheet>`,
            )
          : nothing
      }
    `;
  }

  #head(detail: VersionDetail): TemplateResult {
    return html`<div class="head">
      <div class="title">
        <nav class="crumbs small" aria-label="${t().app.back}">
          <a href=${hrefs.models}>${t().models.title}</a><cf-icon name="chevron"></cf-icon
          ><a href=${hrefs.model(detail.model.id)}>${detail.model.name}</a>
        </nav>
        <h1>${detail.model.name} <span class="num">${detail.name}</span></h1>
        <p class="sub muted small">
          <span role="status">${statusChip(detail)}</span
          ><span>${detail.submitter}, <cf-time at=${detail.createdAt}></cf-time></span>
        </p>
      </div>
      ${this.#actions(detail)}
    </div>`;
  }

  #actions(detail: VersionDetail): TemplateResult {
    const actions = availableActions(detail);
    const refused = actions.filter((action) => !action.allowed && action.reason);
    const first = actions.find(
      ({ allowed, name }) => allowed && ACTION_VIEWS[name].awaitedAt !== undefined,
    );
    return html`<div class="actions">
      <div class="row" role="group" aria-label=${t().actions.group}>
        ${actions.map((action) => {
          const kind = action === first ? 'primary' : isDangerous(action.name) ? 'danger' : '';
          return html`<button
            type="button"
            class="button ${kind}"
            data-action=${action.name}
            aria-disabled=${!action.allowed}
            title=${action.allowed ? '' : (action.reason ?? t().version.notAllowed)}
            aria-describedby=${!action.allowed && action.reason ? `why-${action.name}` : nothing}
            @click=${() => this.#open(action)}
          >
            ${actionName(detail, action)}
          </button>`;
        })}
      </div>
      ${
        refused.length
          ? html`<ul class="refused small muted">
              ${refused.map((action) => html`<li id="why-${action.name}"><b>${actionName(detail, action)}:</b> ${action.reason}</li>`)}
            </ul>`
          : nothing
      }
    </div>`;
  }

  #roadCard(detail: VersionDetail): TemplateResult {
    return html`<section class="card road" aria-label=${t().road.title}>
      <cf-pipeline .stops=${detail.road}></cf-pipeline>
      ${versionAnswer(detail, { show: (tab) => this.#show(tab), ask: (action) => void this.#open(action) })}
    </section>`;
  }

  /** The rollout to production while it is under way, and where it ended when it failed. */
  #rollout(detail: VersionDetail): TemplateResult | typeof nothing {
    if (!rolloutOf(detail)) return nothing;
    void import('../components/cf-rollout.ts');
    return html`<cf-rollout
      class="card rollout"
      .detail=${detail}
      .stable=${this.#live.value?.name}
      @ask=${(event: CustomEvent<AllowedAction>) => void this.#open(event.detail)}
      @done=${() => void this.#detail.reload()}
    ></cf-rollout>`;
  }

  #tabs(detail: VersionDetail): TemplateResult {
    const current = this.tab ?? firstTab(detail);
    const counts: Partial<Record<Tab, number>> = {
      findings: detail.findings.length,
      deployments: detail.deployments.length,
    };
    return html`
      <div
        class="tabs"
        role="tablist"
        aria-label=${t().version.tabs}
        @keydown=${(event: KeyboardEvent) => this.#turn(event, current)}
      >
        ${TABS.map(
          (tab) =>
            html`<button
              type="button"
              role="tab"
              id="tab-${tab}"
              aria-controls="panel"
              aria-selected=${tab === current}
              tabindex=${tab === current ? 0 : -1}
              @click=${() => (this.tab = tab)}
            >
              ${t().version[tab]}${counts[tab] ? html`<span class="count num">${counts[tab]}</span>` : nothing}
            </button>`,
        )}
      </div>
      <div
        class="card panel"
        id="panel"
        role="tabpanel"
        aria-labelledby="tab-${current}"
        tabindex="0"
      >
        ${this.#panel(current, detail)}
      </div>
    `;
  }

  #panel(tab: Tab, detail: VersionDetail): TemplateResult {
    switch (tab) {
      case 'findings':
        return html`<cf-findings
          .detail=${detail}
          @ask=${(event: CustomEvent<AllowedAction>) => void this.#open(event.detail)}
        ></cf-findings>`;
      case 'buildLog':
        return html`<cf-build-log
          .modelId=${detail.model.id}
          .versionId=${detail.id}
          .buildState=${detail.buildState}
        ></cf-build-log>`;
      case 'deployments':
        return html`<cf-deployments .items=${detail.deployments}></cf-deployments>`;
      case 'journal':
        return html`<cf-event-log
          .versionId=${detail.id}
          .modelId=${detail.model.id}
          .approvals=${detail.approvals}
        ></cf-event-log>`;
    }
  }

  #turn(event: KeyboardEvent, current: Tab): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#show(TABS[(TABS.indexOf(current) + step + TABS.length) % TABS.length] as Tab);
  }

  #show(tab: Tab): void {
    this.tab = tab;
    void this.updateComplete.then(() => {
      const button = this.renderRoot.querySelector<HTMLElement>(`#tab-${tab}`);
      button?.focus();
      button?.scrollIntoView({ block: 'nearest' });
    });
  }

  async #open(action: AllowedAction): Promise<void> {
    if (!action.allowed) return;
    await import('../components/cf-action-sheet.ts');
    this.sheet = { action };
  }

  /** The browser tells it some time afterwards. */
  #closed(sheet: { action: AllowedAction }): void {
    if (this.sheet === sheet) this.sheet = undefined;
  }
}
