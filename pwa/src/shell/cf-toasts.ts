import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../i18n/language.ts';
import { base, buttons } from '../styles/shared.ts';
import { CfElement } from './element.ts';
import { toasts } from './toasts.ts';

@customElement('cf-toasts')
export class CfToasts extends CfElement {
  static override styles = [
    base,
    buttons,
    css`
      :host {
        position: fixed;
        right: var(--cf-5);
        bottom: var(--cf-5);
        z-index: 20;
        width: min(400px, calc(100vw - 32px));
      }
      div[role='status'] {
        display: grid;
        gap: var(--cf-2);
      }
      .toast {
        display: flex;
        align-items: center;
        gap: var(--cf-3);
        padding: var(--cf-2) var(--cf-2) var(--cf-2) var(--cf-4);
        border: 1px solid var(--cf-line);
        border-radius: var(--cf-radius);
        background: var(--cf-surface);
        box-shadow: var(--cf-shadow-l);
        animation: in 180ms ease-out;
      }
      .toast > span {
        flex: 1;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .good > cf-icon {
        color: var(--cf-good);
      }
      .bad > cf-icon {
        color: var(--cf-bad);
      }
      .busy > cf-icon {
        color: var(--cf-busy);
      }
      @keyframes in {
        from {
          opacity: 0;
          transform: translateY(8px);
        }
      }
      @media (max-width: 720px) {
        :host {
          right: var(--cf-4);
          bottom: 84px;
        }
      }
    `,
  ];

  #refresh = (): void => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    toasts.addEventListener('change', this.#refresh);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    toasts.removeEventListener('change', this.#refresh);
  }

  override render(): TemplateResult {
    return html`<div role="status">
      ${repeat(
        toasts.items,
        (toast) => toast.id,
        (toast) =>
          html`<div class="toast ${toast.kind}">
            <cf-icon
              name=${toast.kind === 'good' ? 'check' : toast.kind === 'bad' ? 'warn' : 'info'}
            ></cf-icon>
            <span
              >${toast.href ? html`<a href=${toast.href} @click=${() => toasts.dismiss(toast.id)}>${toast.text}</a>` : toast.text}</span
            >
            ${toast.action ? html`<button type="button" class="button small" @click=${toast.action.run}>${toast.action.label}</button>` : nothing}
            <button
              type="button"
              class="button quiet icon small"
              aria-label=${t().app.dismiss}
              @click=${() => toasts.dismiss(toast.id)}
            >
              <cf-icon name="cross"></cf-icon>
            </button>
          </div>`,
      )}
    </div>`;
  }
}
