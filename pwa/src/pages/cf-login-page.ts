import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { ApiProblem, Offline } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { trouble } from '../components/error-notice.ts';
import { CfElement } from '../shell/element.ts';
import { session } from '../shell/session.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons, notices } from '../styles/shared.ts';

/** Login and password, then the code of the second factor where the account has one. */
@customElement('cf-login-page')
export class CfLoginPage extends CfElement {
  @state() private busy = false;
  @state() private wantsCode = false;
  @state() private error: unknown;
  @state() private shown = false;
  @query('#login') private login!: HTMLInputElement;
  @query('#password') private password!: HTMLInputElement;
  @query('#code') private code!: HTMLInputElement | null;

  static override styles = [
    base,
    buttons,
    forms,
    notices,
    css`
      :host {
        display: grid;
        place-items: center;
        min-height: 100dvh;
        padding: var(--cf-4);
      }
      form {
        width: min(400px, 100%);
        display: grid;
        gap: var(--cf-4);
        padding: var(--cf-6);
      }
      .logo {
        display: flex;
        align-items: center;
        gap: var(--cf-2);
        font-weight: 680;
        letter-spacing: -0.015em;
        margin-bottom: var(--cf-3);
      }
      .logo svg {
        width: 32px;
        fill: var(--cf-accent);
      }
      .logo path {
        fill: none;
        stroke: var(--cf-accent);
        stroke-width: 2.2;
      }
      .password {
        position: relative;
      }
      .password input {
        padding-right: 48px !important;
      }
      .password button {
        position: absolute;
        right: 3px;
        top: 50%;
        translate: 0 -50%;
      }
      #code {
        font-size: 24px !important;
        letter-spacing: 0.35em;
        font-variant-numeric: tabular-nums;
      }
      @media (max-width: 440px) {
        form {
          padding: var(--cf-5) var(--cf-4);
        }
      }
    `,
  ];

  override firstUpdated(): void {
    this.login.focus();
  }

  override render(): TemplateResult {
    const words = t().login;
    return html`<form class="card" @submit=${this.#submit} novalidate>
      ${logo()}
      <div>
        <h1>${words.title}</h1>
        <p class="muted">${this.wantsCode ? words.totpLead : words.lead}</p>
      </div>
      ${session.ended && !this.error ? html`<p class="notice wait" role="status"><cf-icon name="info"></cf-icon><span>${words.ended}</span></p>` : nothing}
      <div class="field" ?hidden=${this.wantsCode}>
        <label for="login">${words.login}</label
        ><input
          id="login"
          name="login"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
        />
      </div>
      ${this.#passwordField()} ${this.wantsCode ? this.#codeField() : nothing}
      ${
        this.error instanceof Offline
          ? html`<div class="notice bad" role="alert">
              <cf-icon name="offline"></cf-icon>
              <div>${t().line.offlineAction}</div>
            </div>`
          : trouble(this.error)
      }
      <button class="button primary" aria-disabled=${this.busy}>
        ${this.busy ? html`<cf-icon name="spin"></cf-icon>${words.busy}` : this.wantsCode ? words.verify : words.submit}
      </button>
      ${this.wantsCode ? html`<button type="button" class="button quiet" @click=${this.#restart}>${words.otherAccount}</button>` : nothing}
    </form>`;
  }

  #passwordField(): TemplateResult {
    const words = t().login;
    return html`<div class="field" ?hidden=${this.wantsCode}>
      <label for="password">${words.password}</label>
      <div class="password">
        <input
          id="password"
          name="password"
          type=${this.shown ? 'text' : 'password'}
          autocomplete="current-password"
          required
        />
        <button
          type="button"
          class="button quiet icon small"
          aria-label=${this.shown ? words.hide : words.show}
          aria-pressed=${this.shown}
          @click=${() => (this.shown = !this.shown)}
        >
          <cf-icon name="eye"></cf-icon>
        </button>
      </div>
    </div>`;
  }

  #codeField(): TemplateResult {
    return html`<div class="field">
      <label for="code">${t().login.totp}</label
      ><input
        id="code"
        name="code"
        inputmode="numeric"
        autocomplete="one-time-code"
        pattern="[0-9]{6}"
        maxlength="6"
        required
        @input=${this.#whole}
      />
    </div>`;
  }

  #whole(): void {
    if (this.code?.value.length === 6) this.renderRoot.querySelector('form')?.requestSubmit();
  }

  #restart(): void {
    this.wantsCode = false;
    this.error = undefined;
    void this.updateComplete.then(() => this.login.focus());
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const missing = [this.login, this.password, this.code].find((input) => input && !input.value);
    if (missing) return missing.focus();
    if (this.busy) return;
    this.busy = true;
    this.error = undefined;
    try {
      await session.login(
        this.login.value.trim(),
        this.password.value,
        this.code?.value || undefined,
      );
    } catch (error) {
      await this.#failed(error);
    } finally {
      this.busy = false;
    }
  }

  async #failed(error: unknown): Promise<void> {
    const asksCode = error instanceof ApiProblem && error.code.includes('totp');
    if (asksCode && !this.wantsCode) this.wantsCode = true;
    else this.error = error;
    await this.updateComplete;
    if (this.code) this.code.value = '';
    (this.code ?? this.password).focus();
    if (!this.code) this.password.select();
  }
}

function logo(): TemplateResult {
  return html`<div class="logo">
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path d="M4 22C10 22 10 10 16 10s6 12 12 12" />
      <circle cx="4.500" cy="22" r="2.500" />
      <circle cx="16" cy="10" r="2.500" />
      <circle cx="27.500" cy="22" r="2.500" /></svg
    >${t().app.name}
  </div>`;
}
