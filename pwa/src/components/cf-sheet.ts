import { css, html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { base, buttons } from '../styles/shared.ts';
import './cf-icon.ts';

/**
 * A native modal dialog: a sheet from the right on a wide screen, from below on a phone, or
 * `narrow`, in the middle. Slots: default, `footer`. Fires `closed` when it is closed, however.
 */
@customElement('cf-sheet')
export class CfSheet extends CfElement {
  @property() heading = '';
  @property({ type: Boolean, reflect: true }) narrow = false;
  /** nothing to decide: no footer */
  @property({ type: Boolean, reflect: true }) bare = false;
  @query('dialog') private dialog!: HTMLDialogElement;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: contents;
      }
      dialog {
        width: min(560px, 100vw);
        max-width: none;
        height: 100dvh;
        max-height: none;
        margin: 0 0 0 auto;
        padding: 0;
        border: 0;
        background: var(--cf-surface);
        color: var(--cf-ink);
        box-shadow: var(--cf-shadow-l);
      }
      dialog[open] {
        display: grid;
        grid-template-rows: auto 1fr auto;
        animation: slide 220ms cubic-bezier(0.2, 0, 0, 1);
      }
      dialog::backdrop {
        background: rgb(10 11 16 / 0.42);
      }
      :host([narrow]) dialog {
        width: min(480px, calc(100vw - 32px));
        height: fit-content;
        max-height: calc(100dvh - 32px);
        margin: auto;
        border-radius: var(--cf-radius-l);
        animation-name: rise;
      }
      .head {
        display: flex;
        align-items: flex-start;
        justify-content: space-between;
        gap: var(--cf-4);
        padding: var(--cf-5) var(--cf-5) var(--cf-3);
      }
      .head h2 {
        padding-top: 6px;
        overflow-wrap: anywhere;
      }
      .body {
        overflow: auto;
        padding: var(--cf-2) var(--cf-5) var(--cf-5);
        overscroll-behavior: contain;
      }
      .foot {
        padding: var(--cf-4) var(--cf-5) calc(var(--cf-4) + env(safe-area-inset-bottom));
        border-top: 1px solid var(--cf-line);
      }
      :host([bare]) .foot {
        display: none;
      }
      @keyframes slide {
        from {
          transform: translateX(40px);
          opacity: 0;
        }
      }
      @keyframes rise {
        from {
          transform: translateY(16px);
          opacity: 0;
        }
      }
      @media (max-width: 640px) {
        dialog,
        :host([narrow]) dialog {
          width: 100vw;
          height: fit-content;
          max-height: 94dvh;
          margin: auto 0 0;
          border-radius: var(--cf-radius-l) var(--cf-radius-l) 0 0;
        }
        dialog[open] {
          animation-name: rise;
        }
        .head {
          padding: var(--cf-4) var(--cf-4) var(--cf-2);
        }
        .body {
          padding: var(--cf-2) var(--cf-4) var(--cf-4);
        }
        .foot {
          padding-inline: var(--cf-4);
        }
      }
    `,
  ];

  override firstUpdated(): void {
    this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="heading"
      @close=${() => this.dispatchEvent(new Event('closed'))}
      @click=${this.#outside}
    >
      <div class="head">
        <h2 id="heading">${this.heading}</h2>
        <button
          type="button"
          class="button quiet icon"
          aria-label=${t().app.close}
          @click=${this.close}
        >
          <cf-icon name="cross"></cf-icon>
        </button>
      </div>
      <div class="body" tabindex="0" role="group" aria-labelledby="heading"><slot></slot></div>
      <div class="foot"><slot name="footer"></slot></div>
    </dialog>`;
  }

  #outside(event: MouseEvent): void {
    if (event.target === this.dialog) this.close();
  }
}
