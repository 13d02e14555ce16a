import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { LANGUAGES, language, t, useLanguage, type Language } from '../i18n/language.ts';
import { base, buttons } from '../styles/shared.ts';
import { CfElement } from './element.ts';
import { toasts } from './toasts.ts';
import { session } from './session.ts';

/** Who is signed in, the language, the keys, the way out. */
@customElement('cf-account')
export class CfAccount extends CfElement {
  @state() private open = false;
  @query('#menu') private menu!: HTMLElement;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        position: relative;
      }
      .me {
        width: 38px;
        height: 38px;
        padding: 0;
        border-radius: 50%;
        background: var(--cf-accent-soft);
        border-color: transparent;
        color: var(--cf-accent);
        font-weight: 640;
        font-size: var(--cf-text-s);
      }
      .me::before {
        content: attr(data-initials);
      }
      .me:focus-visible {
        border-radius: 50%;
      }
      #menu {
        position: absolute;
        right: 0;
        top: calc(100% + 8px);
        width: 248px;
        padding: var(--cf-2);
        border: 1px solid var(--cf-line);
        border-radius: var(--cf-radius);
        background: var(--cf-surface);
        box-shadow: var(--cf-shadow-l);
      }
      .who {
        padding: var(--cf-2) var(--cf-3) var(--cf-3);
        border-bottom: 1px solid var(--cf-line);
        margin-bottom: var(--cf-2);
        overflow-wrap: anywhere;
      }
      .who b {
        display: block;
        font-weight: 620;
      }
      #menu .button {
        width: 100%;
        justify-content: flex-start;
        padding: 0 var(--cf-3);
        font-weight: 480;
      }
      .langs {
        display: flex;
        gap: 4px;
      }
      .langs .button {
        justify-content: center !important;
      }
      .langs [aria-pressed='true'] {
        background: var(--cf-accent-soft);
        color: var(--cf-accent);
        font-weight: 600 !important;
      }
    `,
  ];

  #refresh = (): void => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    session.addEventListener('change', this.#refresh);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    session.removeEventListener('change', this.#refresh);
  }

  override render(): TemplateResult | typeof nothing {
    const user = session.user;
    if (!user && session.state !== 'unreachable') return nothing;
    const initials = !user
      ? '…'
      : user.name
          .split(/\s+/)
          .slice(0, 2)
          .map((part) => part[0])
          .join('')
          .toUpperCase();
    return html`
      <button
        type="button"
        class="button me"
        aria-expanded=${this.open}
        aria-controls="menu"
        aria-label=${user ? t().app.account(user.name) : t().app.accountUnknown}
        @click=${() => (this.open = !this.open)}
        data-initials=${initials}
      ></button>
      <div id="menu" ?hidden=${!this.open} @keydown=${this.#escape} @focusout=${this.#left}>
        <div class="who">
          ${user ? html`<b>${user.name}</b><span class="muted small">${user.login}</span>` : html`<span class="muted small">${t().line.whoUnknown}</span>`}
        </div>
        <div class="langs" role="group" aria-label=${t().app.language}>
          ${(Object.entries(LANGUAGES) as [Language, string][]).map(
            ([code, name]) =>
              html`<button
                type="button"
                class="button quiet small"
                lang=${code}
                aria-pressed=${language() === code}
                @click=${() => useLanguage(code, true)}
              >
                ${name}
              </button>`,
          )}
        </div>
        <button type="button" class="button quiet" @click=${this.#help}>
          <cf-icon name="keyboard"></cf-icon>${t().app.help}
        </button>
        <button type="button" class="button quiet" @click=${this.#leave}>
          <cf-icon name="back"></cf-icon>${t().app.signOut}
        </button>
      </div>
    `;
  }

  override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('open') && this.open) this.menu.querySelector('button')?.focus();
  }

  #escape(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    this.open = false;
    this.renderRoot.querySelector<HTMLElement>('.me')?.focus();
  }

  #left(event: FocusEvent): void {
    const to = event.relatedTarget as Node | null;
    if (to && !this.renderRoot.contains(to)) this.open = false;
    if (!to)
      setTimeout(() => (this.open = this.open && this.shadowRoot?.activeElement !== null), 150);
  }

  #help(): void {
    this.open = false;
    this.dispatchEvent(new Event('help'));
  }

  async #leave(): Promise<void> {
    this.open = false;
    await session.logout().catch(() => toasts.show({ kind: 'bad', text: t().line.offlineAction }));
  }
}
