import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { EndpointView, TryAnswer } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { Offline } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { duration, percent } from '../i18n/format.ts';
import { CfElement } from '../shell/element.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import {
  callOf,
  firstInput,
  isDigit,
  schemaOf,
  type Tensor,
} from '../view-model/endpoint-calls.ts';
import { trouble } from './error-notice.ts';
import { consoleStyles } from './cf-endpoint-console.css.ts';
import './cf-digit-canvas.ts';
import './cf-icon.ts';

/** Asks the endpoint: with JSON, or, where it reads one picture of 8 by 8, with a drawing. */
@customElement('cf-endpoint-console')
export class CfEndpointConsole extends CfElement {
  @property({ attribute: false }) endpoint!: EndpointView;
  @state() private drawing = true;
  @state() private pixels: number[] = new Array<number>(64).fill(0);
  @state() private busy = false;
  @state() private answer: TryAnswer | undefined;
  @state() private error: unknown;
  @state() private wrong: string | undefined;
  @query('textarea') private text!: HTMLTextAreaElement | null;

  static override styles = [base, buttons, forms, notices, consoleStyles];

  override render(): TemplateResult {
    const words = t().endpoint;
    const input = firstInput(schemaOf(this.endpoint.inputSchema));
    const draws = isDigit(input) && this.drawing;
    return html`
      ${
        isDigit(input)
          ? html`<div class="modes" role="group" aria-label=${words.mode}>
              <button
                type="button"
                class="button quiet small"
                aria-pressed=${draws}
                @click=${() => this.#turn(true)}
              >
                ${words.draw}
              </button>
              <button
                type="button"
                class="button quiet small"
                aria-pressed=${!draws}
                @click=${() => this.#turn(false)}
              >
                ${words.json}
              </button>
            </div>`
          : nothing
      }
      ${draws ? this.#board(input as Tensor) : this.#json()}
      ${
        this.error instanceof Offline
          ? html`<div class="notice bad answer" role="alert">
              <cf-icon name="offline"></cf-icon>
              <div>${t().line.offlineAction}</div>
            </div>`
          : html`<div class="answer">${trouble(this.error)}</div>`
      }
      ${this.answer ? this.#answer(this.answer, draws) : nothing}
    `;
  }

  #board(input: Tensor): TemplateResult {
    const words = t().endpoint;
    const send = (): Promise<void> =>
      this.#ask({
        inputs: [{ name: input.name, shape: [1, 64], datatype: input.datatype, data: this.pixels }],
      });
    const empty = this.pixels.every((value) => value === 0);
    return html`<div class="board">
      <div>
        <cf-digit-canvas
          .pixels=${this.pixels}
          @change=${(event: CustomEvent<number[]>) => (this.pixels = event.detail)}
        ></cf-digit-canvas>
        <div class="buttons">
          <button
            type="button"
            class="button primary"
            aria-disabled=${this.busy || empty}
            @click=${() => (this.busy || empty ? undefined : void send())}
          >
            ${this.busy ? words.sending : words.send}
          </button>
          <button type="button" class="button quiet" @click=${this.#clear}>${words.clear}</button>
          ${input.data?.length === 64 ? html`<button type="button" class="button quiet" @click=${() => (this.pixels = [...(input.data as number[])])}>${words.sample}</button>` : nothing}
        </div>
      </div>
      <div aria-live="polite">
        ${this.answer && this.answer.status < 400 ? this.#reading(this.answer) : html`<p class="muted">${words.drawLead}</p>`}
      </div>
    </div>`;
  }

  #reading(answer: TryAnswer): TemplateResult | typeof nothing {
    const outputs = (answer.body as { outputs?: (Tensor & { data: number[] })[] } | null)?.outputs;
    const shares = outputs?.find((one) => one.data.length === 10)?.data;
    const digit =
      outputs?.find((one) => one.data.length === 1)?.data[0] ??
      (shares ? shares.indexOf(Math.max(...shares)) : undefined);
    if (digit === undefined) return nothing;
    const words = t().endpoint;
    return html`<p class="reads num">${digit}</p>
      <p>
        ${words.isA(String(digit))}${shares ? html`, <span class="num">${words.sure(percent(shares[digit] ?? 0))}</span>` : nothing}
        <span class="muted">${words.took(duration(answer.durationMs))}</span>
      </p>
      ${shares ? html`<div class="bars num" aria-hidden="true">${shares.map((share, i) => html`<span>${i}</span><svg viewBox="0 0 100 8" preserveAspectRatio="none"><rect class=${i === digit ? 'best' : ''} width=${share * 100} height="8" /></svg><span class="share muted">${percent(share)}</span>`)}</div>` : nothing}`;
  }

  #json(): TemplateResult {
    const words = t().endpoint;
    return html`<div class="field">
        <label for="body">${words.body}</label>
        <textarea
          id="body"
          class="mono"
          rows="9"
          spellcheck="false"
          aria-invalid=${Boolean(this.wrong)}
          aria-describedby="wrong"
          .value=${JSON.stringify(callOf(this.endpoint).body, null, 1).replace(/(?<=[\d,])\n\s+(?=[\d\]])/g, ' ')}
          @input=${() => (this.wrong = undefined)}
        ></textarea>
        <span class="error" id="wrong">${this.wrong ?? nothing}</span>
      </div>
      <div class="buttons">
        <button
          type="button"
          class="button primary"
          aria-disabled=${this.busy}
          @click=${this.#sendText}
        >
          ${this.busy ? words.sending : words.send}
        </button>
      </div>`;
  }

  #answer(answer: TryAnswer, folded: boolean): TemplateResult {
    const words = t().endpoint;
    const text =
      typeof answer.body === 'string'
        ? answer.body
        : JSON.stringify(answer.body, null, 1).replace(/(?<=[\d,])\n\s+(?=[\d\]-])/g, ' ');
    return html`<details class="answer" ?open=${!folded || answer.status >= 400}>
      <summary>
        ${words.answer}
        <span class="num muted">${answer.status}, ${words.took(duration(answer.durationMs))}</span>
      </summary>
      <pre tabindex="0" role="region" aria-label=${words.answer}>${text}</pre>
    </details>`;
  }

  #turn(drawing: boolean): void {
    this.drawing = drawing;
    this.answer = undefined;
    this.error = undefined;
  }

  #clear(): void {
    this.pixels = new Array<number>(64).fill(0);
    this.answer = undefined;
  }

  async #sendText(): Promise<void> {
    if (this.busy) return;
    try {
      await this.#ask(JSON.parse(this.text?.value ?? ''));
    } catch (error) {
      this.wrong = t().endpoint.badJson((error as Error).message);
      this.text?.focus();
    }
  }

  async #ask(body: unknown): Promise<void> {
    this.busy = true;
    this.error = undefined;
    try {
      this.answer = await api.tryEndpoint(this.endpoint.id, {
        path: callOf(this.endpoint).path,
        method: 'POST',
        body,
      });
    } catch (error) {
      this.answer = undefined;
      this.error = error;
    } finally {
      this.busy = false;
    }
  }
}
