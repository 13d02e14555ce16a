import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { ModelDetail } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { t } from '../i18n/language.ts';
import { Resource } from '../live/resource.ts';
import { CfElement } from '../shell/element.ts';
import { mayUpload, session } from '../shell/session.ts';
import { hrefs } from '../shell/router.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { chips, statusChip } from '../view-model/status.ts';
import { stale, trouble } from '../components/error-notice.ts';
import '../components/cf-icon.ts';
import '../components/cf-pipeline.ts';
import '../components/cf-time.ts';

/** One model: its versions, each with its road, and its endpoints. */
@customElement('cf-model-page')
export class CfModelPage extends CfElement {
  @property({ type: Number }) modelId = 0;
  #model = new Resource<ModelDetail>(this, {
    load: (signal) => api.model(this.modelId, signal),
    concerns: (event) => event.modelId === this.modelId,
  });

  static override styles = [
    base,
    buttons,
    notices,
    chips,
    css`
      .crumbs {
        display: flex;
        align-items: center;
        margin-bottom: var(--cf-2);
      }
      .crumbs a {
        color: var(--cf-muted);
        text-decoration: none;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: flex-start;
        justify-content: space-between;
        gap: var(--cf-4);
        margin-bottom: var(--cf-5);
      }
      .head p {
        margin-top: var(--cf-1);
        max-width: 70ch;
        overflow-wrap: anywhere;
      }
      h2 {
        margin: var(--cf-6) 0 var(--cf-3);
        font-size: var(--cf-text);
      }
      li.line {
        position: relative;
        display: grid;
        grid-template-columns: minmax(0, 1fr) 190px 110px 190px;
        align-items: center;
        gap: var(--cf-2) var(--cf-5);
        padding: var(--cf-4) var(--cf-5);
      }
      li.line + li.line {
        border-top: 1px solid var(--cf-line);
      }
      li.line:hover {
        background: var(--cf-hover);
      }
      li.line:first-child {
        border-radius: var(--cf-radius-l) var(--cf-radius-l) 0 0;
      }
      .go {
        color: var(--cf-ink);
        font-weight: 600;
        text-decoration: none;
        overflow-wrap: anywhere;
      }
      .go::after {
        content: '';
        position: absolute;
        inset: 0;
      }
      .reason {
        display: block;
        font-weight: 400;
        overflow-wrap: anywhere;
      }
      .when {
        text-align: right;
      }
      .none {
        padding: var(--cf-6);
        text-align: center;
      }
      .url {
        overflow-wrap: anywhere;
      }
      li.endpoint {
        grid-template-columns: minmax(0, 1fr) auto;
      }
      @media (max-width: 720px) {
        li.line {
          grid-template-columns: minmax(0, 1fr) auto;
          padding: var(--cf-4);
        }
      }
    `,
  ];

  override willUpdate(): void {
    this.#model.keyed(this.modelId);
    if (this.#model.value) document.title = `${this.#model.value.name} · ${t().app.name}`;
  }

  override render(): TemplateResult {
    const model = this.#model.value;
    const words = t().models;
    if (!model)
      return this.#model.error
        ? html`${trouble(this.#model.error, () => void this.#model.reload())}`
        : html`<p class="muted" role="status">${t().app.loading}</p>`;
    return html`
      ${stale(this.#model.staleSince)}
      <div class="head">
        <div>
          <p class="crumbs small"><a href=${hrefs.models}>${words.title}</a></p>
          <h1>${model.name}</h1>
          <p class="muted">${model.description || model.team || words.wholeCompany}</p>
        </div>
        ${mayUpload(session.user) ? html`<a class="button" href=${hrefs.uploadTo(model.id)}><cf-icon name="upload"></cf-icon>${words.uploadNext}</a>` : html`<button type="button" class="button" aria-disabled="true" title=${t().upload.notYou}>${words.uploadNext}</button>`}
      </div>
      ${
        model.versions.length
          ? html`<ul class="card" aria-label=${words.versions}>
              ${model.versions.map(
                (version) =>
                  html`<li class="line">
                    <a class="go num" href=${hrefs.version(model.id, version.id)}
                      >${version.name}${version.statusReason ? html`<span class="reason muted small">${version.statusReason}</span>` : nothing}</a
                    >
                    <span>${statusChip(version)}</span
                    ><cf-pipeline small .stops=${version.road}></cf-pipeline>
                    <span class="when muted small"
                      >${version.submitter}, <cf-time at=${version.changedAt}></cf-time
                    ></span>
                  </li>`,
              )}
            </ul>`
          : html`<p class="card none muted">${words.noVersions}</p>`
      }
      ${
        model.endpoints.length
          ? html`<h2>${t().endpoint.title}</h2>
              <ul class="card">
                ${model.endpoints.map(
                  (one) =>
                    html`<li class="line endpoint">
                      <a class="go" href=${hrefs.endpoint(one.id)}
                        >${t().endpoint.environment[one.environmentKind]}<span
                          class="reason muted small mono url"
                          >${one.url}</span
                        ></a
                      ><span class="chip plain ${one.isAvailable ? 'good' : 'bad'}"
                        >${one.isAvailable ? t().endpoint.available : t().endpoint.unavailable}</span
                      >
                    </li>`,
                )}
              </ul>`
          : nothing
      }
    `;
  }
}
