import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { bytes, number, plain } from '../i18n/format.ts';
import { CfElement } from '../shell/element.ts';
import { base } from '../styles/shared.ts';
import './cf-copy.ts';
import './cf-time.ts';

/** What is known of a version, its metrics beside those of the one that is live. */
@customElement('cf-facts')
export class CfFacts extends CfElement {
  @property({ attribute: false }) detail!: VersionDetail;
  @property({ attribute: false }) live: VersionDetail | undefined;

  static override styles = [
    base,
    css`
      :host {
        padding: var(--cf-5);
      }
      h2 {
        font-size: var(--cf-text);
        margin-bottom: var(--cf-3);
      }
      section + section {
        margin-top: var(--cf-5);
        padding-top: var(--cf-5);
        border-top: 1px solid var(--cf-line);
      }
      dl {
        display: grid;
        grid-template-columns: minmax(96px, auto) minmax(0, 1fr);
        gap: var(--cf-2) var(--cf-4);
      }
      dt {
        color: var(--cf-muted);
        overflow-wrap: anywhere;
      }
      dt,
      dd {
        font-size: 14px;
        line-height: 1.45;
      }
      dd {
        text-align: right;
        overflow-wrap: anywhere;
      }
      .with-copy {
        display: flex;
        align-items: center;
        justify-content: flex-end;
        gap: var(--cf-1);
        min-height: 28px;
      }
      .with-copy cf-copy {
        margin: -4px -8px -4px 0;
      }
      .description {
        margin-bottom: var(--cf-4);
        overflow-wrap: anywhere;
        white-space: pre-line;
      }
      .delta {
        color: var(--cf-muted);
      }
      .file {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        column-gap: var(--cf-3);
        font-size: 14px;
      }
      .file + .file {
        margin-top: var(--cf-2);
      }
      .file code {
        grid-column: 1 / -1;
        color: var(--cf-muted);
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      details {
        margin-top: var(--cf-2);
      }
      summary {
        cursor: pointer;
        font-size: 14px;
        padding: 4px 0;
      }
      pre {
        margin: var(--cf-1) 0 0;
        max-height: 260px;
        overflow: auto;
        padding: var(--cf-3);
        border-radius: var(--cf-radius);
        background: var(--cf-sunken);
        font-size: var(--cf-text-xs);
      }
    `,
  ];

  override render(): TemplateResult {
    const { detail } = this;
    const words = t().version;
    const size = detail.artifacts.reduce((sum, artifact) => sum + artifact.size, 0);
    const modelFile = detail.artifacts.find((artifact) => artifact.kind === 'model');
    return html`
      <section>
        <h2>${words.facts}</h2>
        ${detail.description ? html`<p class="description">${detail.description}</p>` : nothing}
        <dl>
          ${this.#fact(words.framework, detail.framework)} ${this.#fact(words.size, bytes(size))}
          ${modelFile ? this.#digest(words.digest, modelFile.digest) : nothing}
          ${detail.imageDigest ? this.#digest(words.image, detail.imageDigest) : this.#fact(words.image, words.notBuilt)}
          ${this.#fact(words.submitter, detail.submitter)}
          <dt>${words.uploaded}</dt>
          <dd><cf-time at=${detail.createdAt}></cf-time></dd>
        </dl>
      </section>
      ${this.#inventory()} ${this.#metrics()} ${this.#pairs(words.params, detail.params)}
      <section>
        <h2>${words.files}</h2>
        ${detail.artifacts.map((file) => html`<div class="file"><span>${file.filename}</span><span class="num muted">${bytes(file.size)}</span><code title=${file.digest}>${file.digest}</code></div>`)}
      </section>
      ${this.#pairs(words.serving, detail.serving)}
      ${
        detail.inputSchema || detail.outputSchema
          ? html`<section>
              <h2>${words.schema}</h2>
              ${this.#schema(words.input, detail.inputSchema)}${this.#schema(words.output, detail.outputSchema)}
            </section>`
          : nothing
      }
    `;
  }

  #fact(name: string, value: string | null | undefined): TemplateResult | typeof nothing {
    return value
      ? html`<dt>${name}</dt>
          <dd>${value}</dd>`
      : nothing;
  }

  #digest(name: string, digest: string): TemplateResult {
    return html`<dt>${name}</dt>
      <dd class="with-copy">
        <code title=${digest}>${digest.replace(/^sha256:/, '').slice(0, 12)}</code
        ><cf-copy text=${digest} label=${name}></cf-copy>
      </dd>`;
  }

  /**
   * What is in the image. A tool that was not there is said: it is not the same as nothing found.
   */
  #inventory(): TemplateResult | typeof nothing {
    const { inventory } = this.detail;
    if (!inventory) return nothing;
    const words = t().version.inventory;
    const status = (name: string): { known: boolean; detail: string | null } => {
      const tool = inventory.tools.find((one) => one.name === name);
      return {
        known: tool?.status === 'ok' || tool?.status === 'stale',
        detail: tool?.detail ?? null,
      };
    };
    const [osv, clamav] = [status('osv'), status('clamav')];
    return html`<section>
      <h2>${words.title}</h2>
      <dl>
        ${this.#fact(words.packages, String(inventory.packages))}
        ${this.#fact(words.holes, osv.known ? [String(inventory.vulnerabilityCount), osv.detail].filter(Boolean).join(' · ') : words.noDatabase)}
        ${this.#fact(words.malware, clamav.known ? inventory.malware.map((one) => `${one.signature}: ${one.file}`).join(', ') || words.none : words.noScanner)}
      </dl>
      ${
        inventory.vulnerabilities.length
          ? html`<details>
              <summary>${words.list}</summary>
              <pre>
${inventory.vulnerabilities.map((one) => `${one.id}  ${one.purl}${one.fixed ? `  → ${one.fixed}` : ''}\n  ${one.summary}\n`).join('')}</pre>
            </details>`
          : nothing
      }
    </section>`;
  }

  #metrics(): TemplateResult | typeof nothing {
    const metrics = Object.entries(this.detail.metrics ?? {});
    if (!metrics.length) return nothing;
    const before = this.live?.metrics ?? {};
    return html`<section>
      <h2>
        ${t().version.metrics}${this.live ? html` <span class="muted small">${t().version.againstLive(this.live.name)}</span>` : nothing}
      </h2>
      <dl class="num">
        ${metrics.map(([name, value]) => {
          const old = before[name];
          const delta =
            typeof value === 'number' && typeof old === 'number' && value !== old
              ? value - old
              : undefined;
          return html`<dt>${name}</dt>
            <dd>
              ${show(value)}${delta === undefined ? nothing : html` <span class="delta">${delta > 0 ? '+' : '−'}${number(Math.abs(delta), 4)}</span>`}
            </dd>`;
        })}
      </dl>
    </section>`;
  }

  #pairs(
    title: string,
    values: Record<string, unknown> | null | undefined,
  ): TemplateResult | typeof nothing {
    const entries = Object.entries(values ?? {});
    return entries.length
      ? html`<section>
          <h2>${title}</h2>
          <dl class="num">
            ${entries.map(
              ([name, value]) =>
                html`<dt>${name}</dt>
                  <dd>${show(value)}</dd>`,
            )}
          </dl>
        </section>`
      : nothing;
  }

  #schema(name: string, schema: unknown): TemplateResult | typeof nothing {
    return schema
      ? html`<details>
          <summary>${name}</summary>
          <pre tabindex="0" role="region" aria-label=${name}>
${JSON.stringify(schema, null, 2)}</pre>
        </details>`
      : nothing;
  }
}

function show(value: unknown): string {
  return typeof value === 'number'
    ? plain(value)
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}
