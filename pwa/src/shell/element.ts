import { LitElement } from 'lit';
import { onLanguage } from '../i18n/language.ts';

/** What every element of ours extends: it renders again when the language changes. */
export class CfElement extends LitElement {
  #offLanguage: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#offLanguage = onLanguage(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#offLanguage?.();
  }
}
