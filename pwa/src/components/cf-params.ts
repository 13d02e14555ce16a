import { css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons } from '../styles/shared.ts';
import './cf-icon.ts';

/**
 * Parameters as keys and values or as JSON; the two show the same thing. Fires `change` with the
 * object.
 */
@customElement('cf-params')
export class CfParams extends CfElement {
  @property({ attribute: false }) values: Record<string, unknown> = {};
  @property() error: string | undefined;
  @state() private json = false;
  @state() private text = '';
  @state() private rows: [string, string][] = [];
  /** what is wrong with what is written; undefined when it can be sent */
  problem: string | undefined;
  #told: Record<string, unknown> | undefined;

  static override styles = [
    base,
    buttons,
    forms,
    css`
      .head {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--cf-3);
        margin-bottom: 6px;
      }
      .modes {
        display: flex;
        gap: 2px;
      }
      .modes [aria-pressed='true'] {
        background: light-dark(#ebebe7, #26292e);
      }
      .rows {
        display: grid;
        gap: var(--cf-2);
      }
      .row {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1.4fr) auto;
        align-items: center;
        gap: var(--cf-2);
      }
      .add {
        margin-top: var(--cf-2);
      }
    `,
  ];

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has('values') || this.values === this.#told) return;
    this.rows = Object.entries(this.values).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    this.text = Object.keys(this.values).length ? JSON.stringify(this.values, null, 2) : '';
  }

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('textarea, input, button')?.focus();
  }

  override render(): TemplateResult {
    const words = t().upload;
    const problem = this.problem ?? this.error;
    return html`
      <div class="head">
        <span class="label" id="params"
          >${words.params} <span class="muted">(${words.optional})</span></span
        >
        <span class="modes" role="group" aria-labelledby="params">
          <button
            type="button"
            class="button quiet small"
            aria-pressed=${!this.json}
            @click=${() => this.#turn(false)}
          >
            ${words.paramsRows}
          </button>
          <button
            type="button"
            class="button quiet small"
            aria-pressed=${this.json}
            @click=${() => this.#turn(true)}
          >
            ${words.paramsJson}
          </button>
        </span>
      </div>
      ${
        this.json
          ? html`<textarea
              class="mono"
              rows="6"
              spellcheck="false"
              aria-label="${words.params}, ${words.paramsJson}"
              aria-invalid=${Boolean(problem)}
              placeholder='{ "depth": 6 }'
              .value=${this.text}
              @input=${this.#typeText}
            ></textarea>`
          : html`<div class="rows">${this.rows.map((row, index) => this.#row(row, index))}</div>
              <button type="button" class="button small add" @click=${this.#add}>
                <cf-icon name="plus"></cf-icon>${words.addRow}
              </button>`
      }
      <p class="error" role="status">${problem ?? ''}</p>
    `;
  }

  #row([key, value]: [string, string], index: number): TemplateResult {
    const words = t().upload;
    const set = (at: 0 | 1) => (event: Event) => {
      const text = (event.target as HTMLInputElement).value;
      this.rows = this.rows.map((row, i) =>
        i !== index ? row : at === 0 ? [text, row[1]] : [row[0], text],
      );
      this.#tell(fromRows(this.rows));
    };
    return html`<div class="row">
      <input
        aria-label="${words.key} ${index + 1}"
        placeholder=${words.key}
        .value=${key}
        @input=${set(0)}
      />
      <input
        aria-label="${words.value} ${index + 1}"
        placeholder=${words.value}
        .value=${value}
        @input=${set(1)}
      />
      <button
        type="button"
        class="button quiet icon small"
        aria-label=${words.removeRow(key || String(index + 1))}
        @click=${() => this.#remove(index)}
      >
        <cf-icon name="cross"></cf-icon>
      </button>
    </div>`;
  }

  async #add(): Promise<void> {
    this.rows = [...this.rows, ['', '']];
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.row:last-child input')?.focus();
  }

  #remove(index: number): void {
    this.rows = this.rows.filter((_, i) => i !== index);
    this.#tell(fromRows(this.rows));
  }

  #turn(json: boolean): void {
    if (this.problem) return;
    this.json = json;
    const values = this.#told ?? this.values;
    if (json) this.text = Object.keys(values).length ? JSON.stringify(values, null, 2) : '';
    else
      this.rows = Object.entries(values).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]);
  }

  #typeText(event: Event): void {
    this.text = (event.target as HTMLTextAreaElement).value;
    this.problem = undefined;
    try {
      const value: unknown = this.text.trim() ? JSON.parse(this.text) : {};
      if (value === null || typeof value !== 'object' || Array.isArray(value))
        this.problem = t().upload.notObject;
      else this.#tell(value as Record<string, unknown>);
    } catch (error) {
      this.problem = t().upload.badJson((error as Error).message);
    }
  }

  #tell(values: Record<string, unknown>): void {
    this.problem = undefined;
    this.#told = values;
    this.dispatchEvent(new CustomEvent('change', { detail: values }));
  }
}

/** Numbers, true, false, null and JSON are what they look like; the rest is text. */
function fromRows(rows: [string, string][]): Record<string, unknown> {
  return Object.fromEntries(
    rows.filter(([key]) => key.trim()).map(([key, value]) => [key.trim(), guess(value)]),
  );
}

function guess(text: string): unknown {
  if (!/^\s*(-?\d|true$|false$|null$|[[{])/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
