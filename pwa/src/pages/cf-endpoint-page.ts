import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { EndpointView } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { t } from '../i18n/language.ts';
import { Resource } from '../live/resource.ts';
import { CfElement } from '../shell/element.ts';
import { hrefs } from '../shell/router.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { callOf, schemaOf, snippet, type Snippet } from '../view-model/endpoint-calls.ts';
import { chips } from '../view-model/status.ts';
import { stale, trouble } from '../components/error-notice.ts';
import '../components/cf-copy.ts';
import '../components/cf-icon.ts';
import '../components/cf-time.ts';
import '../components/cf-traffic.ts';
import '../components/cf-endpoint-console.ts';

const SNIPPETS: Snippet[] = ['curl', 'python', 'n8n'];
const NAMES: Record<Snippet, string> = { curl: 'curl', python: 'Python', n8n: 'n8n' };

/**
 * One endpoint: its address, what it answered in the last hour, how to call it, its schema, and a
 * place to try it.
 */
@customElement('cf-endpoint-page')
export class CfEndpointPage extends CfElement {
  @property({ type: Number }) endpointId = 0;
  @state() private kind: Snippet = 'curl';
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
      .crumbs a {
        color: var(--cf-muted);
        text-decoration: none;
      }
      h1 {
        margin: var(--cf-2) 0 var(--cf-3);
      }
      .sub {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--cf-2) var(--cf-3);
        margin-bottom: var(--cf-5);
      }
      .address {
        display: flex;
        align-items: center;
        gap: var(--cf-3);
        padding: var(--cf-3) var(--cf-3) var(--cf-3) var(--cf-5);
        margin-bottom: var(--cf-5);
      }
      .address code {
        flex: 1;
        min-width: 0;
        overflow-wrap: anywhere;
        font-size: 14px;
      }
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        align-items: start;
        gap: var(--cf-5);
      }
      section {
        padding: var(--cf-5);
      }
      .traffic {
        margin-bottom: var(--cf-5);
      }
      section h2 {
        margin-bottom: var(--cf-4);
        font-size: var(--cf-text);
      }
      .stack {
        display: grid;
        gap: var(--cf-5);
        min-width: 0;
      }
      .bar {
        display: flex;
        align-items: center;
        gap: 2px;
        margin-bottom: var(--cf-3);
      }
      .bar [aria-pressed='true'] {
        background: light-dark(#ebebe7, #26292e);
      }
      .bar cf-copy {
        margin-left: auto;
      }
      pre {
        margin: 0;
        max-height: 300px;
        overflow: auto;
        padding: var(--cf-4);
        border-radius: var(--cf-radius);
        background: var(--cf-sunken);
        font-size: var(--cf-text-xs);
        line-height: 1.6;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      summary {
        cursor: pointer;
        padding: var(--cf-1) 0;
        font-size: 14px;
      }
      .hint {
        margin-top: var(--cf-3);
      }
      @media (max-width: 940px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      @media (max-width: 520px) {
        section {
          padding: var(--cf-4);
        }
        .address {
          padding-left: var(--cf-4);
        }
      }
    `,
  ];

  override willUpdate(): void {
    this.#list.keyed(this.endpointId);
    const one = this.#one;
    if (one) document.title = `${one.name} · ${t().app.name}`;
  }

  get #one(): EndpointView | undefined {
    return this.#list.value?.find((one) => one.id === this.endpointId);
  }

  override render(): TemplateResult {
    const words = t().endpoint;
    const one = this.#one;
    if (!one) {
      if (this.#list.error)
        return html`${trouble(this.#list.error, () => void this.#list.reload())}`;
      return this.#list.value
        ? html`<h1>${words.notFound}</h1>
            <a href=${hrefs.endpoints}>${words.title}</a>`
        : html`<p class="muted" role="status">${t().app.loading}</p>`;
    }
    return html`
      ${stale(this.#list.staleSince)}
      <p class="crumbs small"><a href=${hrefs.endpoints}>${words.title}</a></p>
      <h1>${one.name}</h1>
      <p class="sub muted small">
        <span class="chip ${one.isAvailable ? 'good' : 'bad'}" role="status"
          ><cf-icon name=${one.isAvailable ? 'check' : 'cross'}></cf-icon
          >${one.isAvailable ? words.available : words.unavailable}</span
        >
        <span>${words.environment[one.environmentKind]}</span>
        ${one.version && one.versionId ? html`<a href=${hrefs.version(one.modelId, one.versionId)}>${words.serves(one.version)}</a>` : nothing}
        <span>${words.changed} <cf-time at=${one.changedAt}></cf-time></span
        ><span>${one.protocol}</span>
      </p>
      <div class="card address">
        <code>${one.url}</code><cf-copy words text=${one.url} label=${words.url}></cf-copy>
      </div>
      <section class="card traffic" aria-labelledby="traffic">
        <h2 id="traffic">${words.traffic.title}</h2>
        <cf-traffic .endpointId=${one.id}></cf-traffic>
      </section>
      <div class="columns">
        <section class="card" aria-labelledby="try">
          <h2 id="try">${words.tryIt}</h2>
          <cf-endpoint-console .endpoint=${one}></cf-endpoint-console>
        </section>
        <div class="stack">${this.#call(one)}${this.#schemas(one)}</div>
      </div>
    `;
  }

  #call(one: EndpointView): TemplateResult {
    const words = t().endpoint;
    const text = snippet(this.kind, one, callOf(one));
    return html`<section class="card" aria-labelledby="call">
      <h2 id="call">${words.call}</h2>
      <div class="bar" role="group" aria-label=${words.language}>
        ${SNIPPETS.map((kind) => html`<button type="button" class="button quiet small" aria-pressed=${kind === this.kind} @click=${() => (this.kind = kind)}>${NAMES[kind]}</button>`)}
        <cf-copy text=${text} label=${NAMES[this.kind]}></cf-copy>
      </div>
      <pre tabindex="0" role="region" aria-label=${NAMES[this.kind]}>${text}</pre>
      ${this.kind === 'n8n' ? html`<p class="hint muted small">${words.n8nHint}</p>` : nothing}
    </section>`;
  }

  #schemas(one: EndpointView): TemplateResult {
    const words = t().endpoint;
    const parts = [
      [words.input, schemaOf(one.inputSchema)],
      [words.output, schemaOf(one.outputSchema)],
    ] as const;
    return html`<section class="card" aria-labelledby="schema">
      <h2 id="schema">${words.schema}</h2>
      ${
        parts.some(([, schema]) => schema)
          ? parts.map(([name, schema]) =>
              schema
                ? html`<details>
                    <summary>${name}</summary>
                    <pre tabindex="0" role="region" aria-label="${words.schema}, ${name}">
${typeof schema === 'string' ? schema : JSON.stringify(schema, null, 2)}</pre>
                  </details>`
                : nothing,
            )
          : html`<p class="muted">${words.noSchema}</p>`
      }
    </section>`;
  }
}
