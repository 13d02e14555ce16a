import { css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { base, buttons } from '../styles/shared.ts';
import './cf-icon.ts';

const SAID_MS = 1_800;

/** A button that copies `text` and says so. `label` names what is copied. */
@customElement('cf-copy')
export class CfCopy extends CfElement {
  @property() text = '';
  @property() label = '';
  @property({ type: Boolean }) words = false;
  @state() private copied = false;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: inline-block;
      }
    `,
  ];

  override render(): TemplateResult {
    const name = this.copied ? t().app.copied : t().app.copy;
    return html`<button
        type="button"
        class="button quiet small ${this.words ? '' : 'icon'}"
        aria-label=${this.label ? `${name}: ${this.label}` : name}
        title=${name}
        @click=${this.#copy}
      >
        <cf-icon name=${this.copied ? 'check' : 'copy'}></cf-icon>${this.words ? name : ''}</button
      ><span class="visually-hidden" role="status">${this.copied ? t().app.copied : ''}</span>`;
  }

  async #copy(): Promise<void> {
    await navigator.clipboard.writeText(this.text);
    this.copied = true;
    setTimeout(() => (this.copied = false), SAID_MS);
  }
}
