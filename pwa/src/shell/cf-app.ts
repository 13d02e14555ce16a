import { html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import { connection } from '../live/connection.ts';
import { percent } from '../i18n/format.ts';
import { preferred, t, useLanguage } from '../i18n/language.ts';
import { CfElement } from './element.ts';
import { listenToKeys } from './keyboard.ts';
import { hrefs, routeOf, type Route } from './router.ts';
import { mayUpload, session } from './session.ts';
import { tellOfElsewhere } from '../live/background-notifications.ts';
import { toasts } from './toasts.ts';
import { RUNNING_KEY, UPLOAD_EVENT } from '../upload/draft.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { shell } from './cf-app.css.ts';
import '../components/cf-icon.ts';
import './cf-connection-banner.ts';
import './cf-toasts.ts';
import './cf-account.ts';
import '../pages/cf-models-page.ts';

type Page = CfElement & { focusSearch?: () => void };

/** Pages come when they are opened; the first view carries only the list. */
const PAGES: Record<Exclude<Route['page'], 'models' | 'lost'>, () => Promise<unknown>> = {
  model: () => import('../pages/cf-model-page.ts'),
  version: () => import('../pages/cf-version-page.ts'),
  upload: () => import('../pages/cf-upload-page.ts'),
  endpoints: () => import('../pages/cf-endpoints-page.ts'),
  endpoint: () => import('../pages/cf-endpoint-page.ts'),
  activity: () => import('../pages/cf-activity-page.ts'),
};

/** The frame: who is here, where one is, the line, the notices. */
@customElement('cf-app')
export class CfApp extends CfElement {
  @state() private route: Route = routeOf(location.hash);
  @state() private help = false;
  @state() private ready = false;
  /** this page's code could not be had, not even after a reload */
  @state() private missing: Route['page'] | undefined;
  @query('main') private main!: HTMLElement;
  /** how much of an upload in hand is sent, 0…1 */
  @state() private sent: number | undefined;
  #offKeys: (() => void) | undefined;
  #offElsewhere: (() => void) | undefined;
  /** the next page is opened for its search */
  #searchNext = false;

  static override styles = [base, buttons, notices, shell];

  override connectedCallback(): void {
    super.connectedCallback();
    session.addEventListener('change', this.#refresh);
    addEventListener('hashchange', this.#navigate);
    this.#offKeys = listenToKeys({
      help: () => void this.#openHelp(),
      search: () => this.#search(),
    });
    this.#offElsewhere = tellOfElsewhere();
    connection.addEventListener('reset', this.#fetchMissing);
    addEventListener(UPLOAD_EVENT, this.#uploading);
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    session.removeEventListener('change', this.#refresh);
    removeEventListener('hashchange', this.#navigate);
    this.#offKeys?.();
    this.#offElsewhere?.();
    connection.removeEventListener('reset', this.#fetchMissing);
    removeEventListener(UPLOAD_EVENT, this.#uploading);
  }

  async #start(): Promise<void> {
    await useLanguage(preferred());
    this.ready = true;
    await session.restore();
    this.#takeUp();
    const { registerWorker } = await import('./worker.ts');
    registerWorker();
  }

  /** An upload that a reload cut goes on, whatever page is open. */
  #takeUp(): void {
    const login = session.user?.login;
    if (login && localStorage.getItem(RUNNING_KEY) === login)
      void import('../upload/index.ts').then(({ upload }) => upload.restore(login));
  }

  #refresh = (): void => {
    if (session.state === 'out') void import('../pages/cf-login-page.ts');
    this.requestUpdate();
  };

  /** The line is back: a page whose code was missing is had anew. */
  #fetchMissing = (): void => {
    if (this.missing !== undefined) location.reload();
  };

  #uploading = (event: Event): void => {
    const { detail } = event as CustomEvent<number | null>; // an event without one has null
    this.sent = detail === null ? undefined : Math.floor(detail * 100) / 100;
  };

  #navigate = (): void => {
    this.route = routeOf(location.hash);
    scrollTo(0, 0);
    void this.updateComplete.then(async () => {
      this.main?.focus({ preventScroll: true });
      if (!this.#searchNext) return;
      this.#searchNext = false;
      const page = this.main.firstElementChild as Page | null;
      await page?.updateComplete;
      page?.focusSearch?.();
    });
  };

  override willUpdate(): void {
    const { page } = this.route;
    if (page in PAGES)
      PAGES[page as keyof typeof PAGES]().then(
        () => (this.missing = undefined),
        () => (this.missing = page),
      );
    const words = t().app;
    const names: Partial<Record<Route['page'], string>> = {
      models: words.models,
      upload: words.upload,
      endpoints: words.endpoints,
      activity: words.activity,
    };
    const name = names[this.route.page];
    if (name) document.title = `${name} · ${words.name}`;
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.ready) return nothing;
    if (session.state === 'out')
      return html`<main class="bare"><cf-login-page></cf-login-page></main>`;
    return html`
      <cf-connection-banner></cf-connection-banner>
      <header>
        <button type="button" class="skip button" @click=${() => this.main.focus()}>
          ${t().app.skip}
        </button>
        <a class="brand" href=${hrefs.models} aria-label="${t().app.name}, ${t().app.models}"
          ><svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M4 22C10 22 10 10 16 10s6 12 12 12" />
            <circle cx="4.500" cy="22" r="2.500" />
            <circle cx="16" cy="10" r="2.500" />
            <circle cx="27.500" cy="22" r="2.500" /></svg
          ><span>${t().app.name}</span></a
        >
        <nav aria-label=${t().app.navigation}>${this.#links()}</nav>
        <span class="gap"></span>
        ${mayUpload(session.user) ? html`<a class="button primary upload" href=${hrefs.upload}><cf-icon name=${this.sent === undefined ? 'upload' : 'spin'}></cf-icon><span class="num">${this.sent === undefined ? t().app.upload : t().upload.running(percent(this.sent))}</span></a>` : nothing}
        <cf-account @help=${this.#openHelp}></cf-account>
      </header>
      <main id="main" tabindex="-1">
        ${session.state === 'in' || session.state === 'unreachable' ? this.#page() : nothing}
      </main>
      <cf-toasts></cf-toasts>
      ${this.help ? html`<cf-help @closed=${() => (this.help = false)}></cf-help>` : nothing}
    `;
  }

  #links(): TemplateResult[] {
    const words = t().app;
    const at = this.route.page;
    const links = [
      {
        href: hrefs.models,
        icon: 'models',
        text: words.models,
        here: ['models', 'model', 'version'].includes(at),
      },
      {
        href: hrefs.endpoints,
        icon: 'endpoints',
        text: words.endpoints,
        here: at === 'endpoints' || at === 'endpoint',
      },
      { href: hrefs.activity, icon: 'activity', text: words.activity, here: at === 'activity' },
      {
        href: hrefs.upload,
        icon: 'upload',
        text: words.upload,
        here: at === 'upload',
        phone: true,
      },
    ];
    return links.map(
      (link) =>
        html`<a
          href=${link.href}
          class=${link.phone ? 'phone' : ''}
          aria-current=${link.here ? 'page' : nothing}
          ><cf-icon name=${link.icon}></cf-icon>${link.text}</a
        >`,
    );
  }

  #page(): unknown {
    const route = this.route;
    if (this.missing === route.page)
      return html`<div role="alert">
        <h1>${t().app.notLoaded}</h1>
        <p class="lost">${t().app.notLoadedHelp}</p>
        <button type="button" class="button" @click=${() => location.reload()}>
          ${t().app.retry}
        </button>
      </div>`;
    switch (route.page) {
      case 'models':
        return html`<cf-models-page></cf-models-page>`;
      case 'model':
        return html`<cf-model-page .modelId=${route.modelId}></cf-model-page>`;
      case 'version':
        return html`<cf-version-page
          .modelId=${route.modelId}
          .versionId=${route.versionId}
        ></cf-version-page>`;
      case 'upload':
        return keyed(
          route.modelId,
          html`<cf-upload-page .modelId=${route.modelId}></cf-upload-page>`,
        );
      case 'endpoints':
        return html`<cf-endpoints-page></cf-endpoints-page>`;
      case 'endpoint':
        return keyed(
          route.endpointId,
          html`<cf-endpoint-page .endpointId=${route.endpointId}></cf-endpoint-page>`,
        );
      case 'activity':
        return html`<cf-activity-page></cf-activity-page>`;
      case 'lost':
        return html`<h1>${t().app.notFound}</h1>
          <p class="lost"><a href=${hrefs.models}>${t().app.toModels}</a></p>`;
    }
  }

  async #openHelp(): Promise<void> {
    await import('./cf-help.ts');
    this.help = true;
  }

  /** `/` goes to the search of the page, or to the one of the models. */
  #search(): void {
    const page = this.main?.firstElementChild as Page | null;
    if (page?.focusSearch) return page.focusSearch();
    this.#searchNext = true;
    location.hash = hrefs.models;
  }
}

connection.addEventListener('state', () => {
  if (connection.state === 'live' && lost) toasts.show({ kind: 'good', text: t().line.back });
  lost = connection.state === 'lost' || (lost && connection.state !== 'live');
});
let lost = false;
