import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { EndpointView } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { t } from '../i18n/language.ts';
import { Resource } from '../live/resource.ts';
import { CfElement } from '../shell/element.ts';
import { hrefs } from '../shell/router.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { chips } from '../view-model/status.ts';
import { stale, trouble } from '../components/error-notice.ts';
import '../components/cf-copy.ts';
import '../components/cf-icon.ts';
import '../components/cf-time.ts';

/** Every endpoint: what serves behind it and its address. */
@customElement('cf-endpoints-page')
export class CfEndpointsPage extends CfElement {
  #list = new Resource<EndpointView[]>(this, {
    load: (signal) => api.endpoints(signal),
    concerns: (event) => event.topic === 'endpoint.changed' || event.topic === 'version.status',
  });

  static override styles = [
    base,
    buttons,
    notices,
    chips,
    css`
      h1 {
        margin-bottom: var(--cf-5);
      }
      li {
        position: relative;
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto auto;
        align-items: center;
        gap: var(--cf-1) var(--cf-4);
        padding: var(--cf-4) var(--cf-5);
      }
      li + li {
        border-top: 1px solid var(--cf-line);
      }
      li:hover {
        background: var(--cf-hover);
      }
      li:first-child {
        border-radius: var(--cf-radius-l) var(--cf-radius-l) 0 0;
      }
      li:last-child {
        border-radius: 0 0 var(--cf-radius-l) var(--cf-radius-l);
      }
      .go {
        color: var(--cf-ink);
        font-weight: 600;
        text-decoration: none;
      }
      .go::after {
        content: '';
        position: absolute;
        inset: 0;
      }
      .url {
        display: block;
        overflow-wrap: anywhere;
        color: var(--cf-muted);
      }
      cf-copy {
        position: relative;
      }
      .empty {
        display: grid;
        justify-items: center;
        gap: var(--cf-2);
        padding: var(--cf-8) var(--cf-5);
        text-align: center;
      }
      .empty cf-icon {
        font-size: 28px;
        color: var(--cf-accent);
        margin-bottom: var(--cf-2);
      }
      @media (max-width: 640px) {
        li {
          grid-template-columns: minmax(0, 1fr) auto;
          padding: var(--cf-4);
        }
        .chip {
          grid-column: 1;
          justify-self: start;
        }
      }
    `,
  ];

  override willUpdate(): void {
    this.#list.keyed('all');
  }

  override render(): TemplateResult {
    const words = t().endpoint;
    const all = this.#list.value;
    return html`<h1>${words.title}</h1>
      ${stale(this.#list.staleSince)} ${trouble(this.#list.error, () => void this.#list.reload())}
      ${
        !all
          ? html`<p class="muted" role="status">${this.#list.error ? '' : t().app.loading}</p>`
          : all.length === 0
            ? html`<div class="card empty">
                <cf-icon name="endpoints"></cf-icon>
                <h2>${words.none}</h2>
                <p class="muted">${words.noneLead}</p>
              </div>`
            : html`<ul class="card">
                ${[...all].sort(byUse).map((one) => this.#row(one))}
              </ul>`
      }`;
  }

  #row(one: EndpointView): TemplateResult {
    const words = t().endpoint;
    return html`<li>
      <div>
        <a class="go" href=${hrefs.endpoint(one.id)}>${one.name}</a>
        <span class="muted small"
          >${[words.environment[one.environmentKind], one.version ? words.serves(one.version) : ''].filter(Boolean).join(' · ')}</span
        ><code class="url">${one.url}</code>
      </div>
      <span class="chip ${one.isAvailable ? 'good' : 'bad'}"
        ><cf-icon name=${one.isAvailable ? 'check' : 'cross'}></cf-icon
        >${one.isAvailable ? words.available : words.unavailable}</span
      >
      <cf-copy text=${one.url} label=${words.url}></cf-copy>
    </li>`;
  }
}

const byUse = (a: EndpointView, b: EndpointView): number =>
  a.environmentKind.localeCompare(b.environmentKind) || a.name.localeCompare(b.name);
