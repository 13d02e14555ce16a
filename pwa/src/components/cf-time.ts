import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { CfElement } from '../shell/element.ts';
import { exact, relative } from '../i18n/format.ts';

const EVERY_MS = 20_000;
const shown = new Set<CfTime>();
setInterval(() => shown.forEach((element) => element.requestUpdate()), EVERY_MS);

/** "3 minutes ago", the exact time on hover; stays true while it is looked at. */
@customElement('cf-time')
export class CfTime extends CfElement {
  @property() at = '';

  static override styles = css`
    :host {
      display: inline;
    }
  `;

  override connectedCallback(): void {
    super.connectedCallback();
    shown.add(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    shown.delete(this);
  }

  override render(): TemplateResult | string {
    if (!this.at) return '';
    return html`<time datetime=${this.at} title=${exact(this.at)}>${relative(this.at)}</time>`;
  }
}
