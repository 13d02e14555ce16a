import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { connection } from '../live/connection.ts';
import { clock } from '../i18n/format.ts';
import { t } from '../i18n/language.ts';
import { base, buttons } from '../styles/shared.ts';
import { CfElement } from './element.ts';
import { session } from './session.ts';

/** The banner that says that the line is gone, since when, and what that means. */
@customElement('cf-connection-banner')
export class CfConnectionBanner extends CfElement {
  static override styles = [
    base,
    buttons,
    css`
      .banner {
        display: flex;
        align-items: center;
        justify-content: center;
        gap: var(--cf-3);
        padding: var(--cf-2) var(--cf-4);
        background: var(--cf-wait-soft);
        color: var(--cf-ink);
        font-size: var(--cf-text-s);
      }
      cf-icon {
        color: var(--cf-wait);
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    connection.addEventListener('state', this.#refresh);
    session.addEventListener('change', this.#refresh);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    connection.removeEventListener('state', this.#refresh);
    session.removeEventListener('change', this.#refresh);
  }

  #refresh = (): void => this.requestUpdate();

  override render(): TemplateResult {
    const text = this.#text();
    return html`<div role="status">
      ${
        text
          ? html`<div class="banner">
              <cf-icon name="offline"></cf-icon><span>${text}</span>
              ${connection.state === 'polling' ? nothing : html`<button type="button" class="button small" @click=${this.#tryNow}>${t().line.tryNow}</button>`}
            </div>`
          : nothing
      }
    </div>`;
  }

  #text(): string | undefined {
    if (session.state === 'unreachable') return t().line.lost(clock(Date.now()));
    if (connection.state === 'lost') return t().line.lost(clock(connection.lostAt ?? Date.now()));
    return connection.state === 'polling' ? t().line.polling : undefined;
  }

  #tryNow(): void {
    if (session.state === 'unreachable') void session.restore();
    else connection.retryNow();
  }
}
