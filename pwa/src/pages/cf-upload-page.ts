import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { ModelDetail } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { ApiProblem, Offline } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { percent } from '../i18n/format.ts';
import { Resource } from '../live/resource.ts';
import { CfElement } from '../shell/element.ts';
import { mayUpload, session } from '../shell/session.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { upload, filesOf } from '../upload/index.ts';
import { nextVersion } from '../upload/next-version.ts';
import { trouble } from '../components/error-notice.ts';
import { uploadStyles } from './cf-upload-page.css.ts';
import '../components/cf-icon.ts';
import '../components/cf-params.ts';
import type { CfParams } from '../components/cf-params.ts';
import '../components/cf-upload-item.ts';

const TYPING_MS = 180;
const VERSION = /^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$/;
type Field = 'files' | 'name' | 'version' | 'params';

/** A drop zone, a form, and beside them what happens next. The bytes go while one writes. */
@customElement('cf-upload-page')
export class CfUploadPage extends CfElement {
  @property({ type: Number }) modelId: number | undefined;
  @state() private over = false;
  @state() private names: { id: number; name: string }[] = [];
  @state() private existing: ModelDetail | undefined;
  @state() private errors: Partial<Record<Field, string>> = {};
  @query('#files') private picker!: HTMLInputElement;
  #typing: ReturnType<typeof setTimeout> | undefined;
  /** the version proposed last: one that a person typed is never replaced */
  #proposed = '';
  #lastError: unknown;
  /** the model that this page uploads a version of */
  #model = new Resource<ModelDetail>(this, {
    load: (signal) => api.model(this.modelId ?? 0, signal),
  });
  #kept: ModelDetail | undefined;

  static override styles = [base, buttons, forms, notices, uploadStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    upload.addEventListener('change', this.#refresh);
    session.addEventListener('change', this.#restore);
    this.#restore();
    void this.#lookUp(upload.form.name);
  }

  /**
   * Not when it is connected: at a first load the code of the page comes after what it is given.
   */
  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (this.modelId === undefined) return;
    // its name comes from the server; until then no file may give it another
    if (changed.has('modelId')) upload.keepModel('');
    this.#model.keyed(this.modelId);
    const model = this.#model.value;
    if (!model || model === this.#kept) return;
    this.#kept = model;
    upload.keepModel(model.name);
    this.#propose(model);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    upload.removeEventListener('change', this.#refresh);
    session.removeEventListener('change', this.#restore);
    upload.keepModel(undefined);
  }

  #restore = (): void => {
    if (session.user)
      void upload.restore(session.user.login).then(() => this.#lookUp(upload.form.name));
  };

  #refresh = (): void => {
    const error = upload.error ?? upload.items.find((item) => item.state === 'failed')?.error;
    if (error !== this.#lastError && error instanceof ApiProblem)
      this.errors = {
        name: error.field('name'),
        version: error.field('version'),
        params: error.field('params'),
      };
    this.#lastError = error;
    this.requestUpdate();
  };

  override render(): TemplateResult {
    const words = t().upload;
    const { items } = upload;
    const kept = this.#kept?.name;
    const title = kept ? words.titleFor(kept) : words.title;
    if (!mayUpload(session.user))
      return html`<h1>${title}</h1>
        <div class="notice wait" role="status" id="not-you">
          <cf-icon name="info"></cf-icon>
          <div>${words.notYou}</div>
        </div>`;
    return html`
      <h1>${title}</h1>
      ${kept ? nothing : trouble(this.#model.error)}
      <div class="columns">
        <form @submit=${this.#submit} novalidate>
          ${
            upload.restored
              ? html`<div class="notice busy" role="status">
                  <cf-icon name="info"></cf-icon>
                  <div>${words.restored}</div>
                  <button type="button" class="button small" @click=${() => void upload.discard()}>
                    ${words.discard}
                  </button>
                </div>`
              : nothing
          }
          <div
            class="drop ${this.over ? 'over' : ''} ${items.length ? 'has' : ''}"
            @dragover=${this.#drag}
            @dragleave=${() => (this.over = false)}
            @drop=${this.#drop}
          >
            <cf-icon name="upload"></cf-icon>
            <p>
              <b>${this.over ? words.dropHere : words.drop}</b
              ><span class="muted small">${words.dropLead}</span>
            </p>
            <button type="button" class="button" @click=${this.#choose}>${words.choose}</button>
            <input
              id="files"
              type="file"
              multiple
              hidden
              aria-label=${words.choose}
              @change=${this.#picked}
            />
          </div>
          ${
            upload.otherName && kept
              ? html`<div class="notice wait" role="status" id="other-model">
                  <cf-icon name="info"></cf-icon>
                  <div>${words.otherModel(upload.otherName, kept)}</div>
                </div>`
              : nothing
          }
          ${this.errors.files ? html`<p class="error" role="alert">${this.errors.files}</p>` : nothing}
          ${
            items.length
              ? html`<ul class="card items" aria-label=${words.files}>
                  ${items.map((item) => html`<li><cf-upload-item .item=${item} .sent=${item.sent} .state=${item.state} .digest=${item.digest} .share=${item.digestShare} .rate=${item.rate} .kind=${item.kind}></cf-upload-item></li>`)}
                </ul>`
              : nothing
          }
          ${this.#form()} ${this.#foot()}
        </form>
        <aside>
          <section>
            <h2><cf-icon name="shield"></cf-icon>${words.scanTitle}</h2>
            <ul class="scan">
              ${words.scan.map((one) => html`<li>${one}</li>`)}
            </ul>
          </section>
          <section>
            <h2><cf-icon name="activity"></cf-icon>${words.nextTitle}</h2>
            <ol class="next">
              ${words.next.map((one, i) => html`<li><span class="num" aria-hidden="true">${i + 1}</span>${one}</li>`)}
            </ol>
          </section>
        </aside>
      </div>
    `;
  }

  #form(): TemplateResult {
    const words = t().upload;
    const { form } = upload;
    const newest = this.existing?.versions[0]?.name;
    const more = [
      ['metrics', form.metrics],
      ['inputSchema', form.inputSchema],
      ['outputSchema', form.outputSchema],
      ['serving', form.serving],
    ] as const;
    return html`<section class="card about">
      <h2>${words.about}</h2>
      <div class="pair">
        <div class="field">
          <label for="name">${words.name}</label>
          <input
            id="name"
            name="name"
            list="names"
            autocomplete="off"
            maxlength="120"
            .value=${form.name}
            ?readonly=${this.modelId !== undefined}
            @input=${this.#typeName}
            aria-invalid=${Boolean(this.errors.name)}
            aria-describedby="name-hint"
          />
          <datalist id="names">
            ${this.names.map((one) => html`<option value=${one.name}></option>`)}
          </datalist>
          <span id="name-hint" class=${this.errors.name ? 'error' : 'hint'}
            >${this.errors.name ?? (newest ? words.existing(newest) : this.#kept ? words.keeps(this.#kept.name) : words.nameHint)}</span
          >
        </div>
        <div class="field">
          <label for="version">${words.version}</label>
          <input
            id="version"
            name="version"
            autocomplete="off"
            spellcheck="false"
            .value=${form.version}
            @input=${(event: Event) => this.#edit('version', { version: value(event) })}
            aria-invalid=${Boolean(this.errors.version)}
            aria-describedby="version-hint"
          />
          <span id="version-hint" class="error">${this.errors.version ?? nothing}</span>
        </div>
      </div>
      <div class="field">
        <label for="description"
          >${words.description} <span class="muted">(${words.optional})</span></label
        ><textarea
          id="description"
          rows="2"
          .value=${form.description}
          @input=${(event: Event) => upload.edit({ description: value(event) })}
        ></textarea>
      </div>
      <div class="field half">
        <label for="framework"
          >${words.framework} <span class="muted">(${words.optional})</span></label
        ><input
          id="framework"
          maxlength="60"
          list="frameworks"
          .value=${form.framework}
          @input=${(event: Event) => upload.edit({ framework: value(event) })}
        />
        <datalist id="frameworks">
          ${['pytorch', 'tensorflow', 'scikit-learn', 'xgboost', 'lightgbm', 'onnx', 'numpy', 'jax'].map((one) => html`<option value=${one}></option>`)}
        </datalist>
      </div>
      <cf-params
        .values=${form.params}
        .error=${this.errors.params}
        @change=${(event: CustomEvent<Record<string, unknown>>) => this.#edit('params', { params: event.detail })}
      ></cf-params>
      ${
        more.some(([, one]) => one !== undefined)
          ? html`<details>
              <summary>${words.more}</summary>
              ${more
                .filter(([, one]) => one !== undefined)
                .map(
                  ([key, one]) =>
                    html`<p class="label">${words[key]}</p>
                      <pre tabindex="0" role="region" aria-label=${words[key]}>
${JSON.stringify(one, null, 2)}</pre>`,
                )}
            </details>`
          : nothing
      }
    </section>`;
  }

  #foot(): TemplateResult {
    const words = t().upload;
    const { items, complete, sending, wanted, registering, error } = upload;
    const busy = registering || (wanted && !complete);
    const moving = items.some((item) => item.state === 'sending' || item.state === 'waiting');
    const label = registering
      ? words.registering
      : busy
        ? words.running(percent(upload.size ? upload.sent / upload.size : 0))
        : complete
          ? words.register
          : words.start;
    return html`<div class="foot">
      ${
        error instanceof Offline
          ? html`<div class="notice bad" role="alert">
              <cf-icon name="offline"></cf-icon>
              <div>${t().line.offlineAction}</div>
            </div>`
          : trouble(error)
      }
      <div class="buttons">
        <button class="button primary go" aria-disabled=${busy}>
          ${busy ? html`<cf-icon name="spin"></cf-icon>` : html`<cf-icon name="upload"></cf-icon>`}${label}
        </button>
        ${moving ? html`<button type="button" class="button" @click=${() => upload.pauseAll()}><cf-icon name="pause"></cf-icon>${words.pauseAll}</button>` : nothing}
        ${!moving && !sending && items.some((item) => item.state === 'paused') ? html`<button type="button" class="button" @click=${() => upload.start()}><cf-icon name="play"></cf-icon>${words.resumeAll}</button>` : nothing}
        <span class="visually-hidden" role="status">${complete ? words.states.done : ''}</span>
      </div>
    </div>`;
  }

  #drag(event: DragEvent): void {
    event.preventDefault();
    this.over = true;
  }

  async #drop(event: DragEvent): Promise<void> {
    event.preventDefault();
    this.over = false;
    await this.#take(await filesOf(event.dataTransfer));
  }

  /**
   * With handles where the browser has them: an upload of a large file then goes on after a reload
   * without a question.
   */
  async #choose(): Promise<void> {
    const pick = (
      window as Window & {
        showOpenFilePicker?: (o: { multiple: boolean }) => Promise<FileSystemFileHandle[]>;
      }
    ).showOpenFilePicker;
    if (!pick || navigator.webdriver) return this.picker.click();
    try {
      const handles = await pick({ multiple: true });
      await this.#take(
        await Promise.all(
          handles.map(async (handle) => ({ file: await handle.getFile(), handle })),
        ),
      );
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.picker.click();
    }
  }

  async #picked(): Promise<void> {
    await this.#take([...(this.picker.files ?? [])].map((file) => ({ file })));
    this.picker.value = '';
  }

  async #take(picked: Parameters<typeof upload.add>[0]): Promise<void> {
    await upload.add(picked);
    this.errors = { ...this.errors, files: undefined };
    void this.#lookUp(upload.form.name);
  }

  /** What was wrong with a field goes when it is mended. */
  #edit(field: Field, change: Parameters<typeof upload.edit>[0]): void {
    this.errors = { ...this.errors, [field]: undefined };
    upload.edit(change);
  }

  #typeName(event: Event): void {
    this.#edit('name', { name: value(event) });
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#lookUp(upload.form.name), TYPING_MS);
  }

  /** Names that begin so, and for one that exists the version that would come next. */
  async #lookUp(name: string): Promise<void> {
    try {
      const { value: page } = await api.models({ search: name.trim(), limit: 20 });
      this.names = page.items.map((row) => ({ id: row.id, name: row.name }));
      const found = page.items.find((row) => row.name === name.trim());
      if (!found) return void (this.existing = undefined);
      const { value: model } = await api.model(found.id);
      if (upload.form.name.trim() === model.name) this.#propose(model);
    } catch (error) {
      if (!(error instanceof Offline) && !(error instanceof ApiProblem)) throw error;
    }
  }

  #propose(model: ModelDetail): void {
    this.existing = model;
    const next = nextVersion(model.versions[0]?.name ?? '') || '1.0.0';
    if (upload.form.version && upload.form.version !== this.#proposed) return;
    this.#proposed = next;
    upload.edit({ version: next });
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (upload.registering || (upload.wanted && !upload.complete)) return;
    const words = t().upload;
    const count = (kind: string): number =>
      upload.items.filter((item) => item.kind === kind).length;
    const params = this.renderRoot.querySelector<CfParams>('cf-params')?.problem;
    this.errors = {
      ...(count('model') === 0
        ? { files: words.needModel }
        : count('dockerfile') === 0
          ? { files: words.needDockerfile }
          : count('model') > 1
            ? { files: words.twoModels }
            : {}),
      ...(upload.form.name.trim() ? {} : { name: words.needName }),
      ...(!upload.form.version.trim()
        ? { version: words.needVersion }
        : VERSION.test(upload.form.version.trim())
          ? {}
          : { version: words.badVersion }),
      ...(params ? { params } : {}),
    };
    const [first] = Object.entries(this.errors).flatMap(([field, error]) => (error ? [field] : []));
    if (first) {
      await this.updateComplete;
      this.renderRoot
        .querySelector<HTMLElement>(first === 'files' ? '.drop .button' : `#${first}, cf-${first}`)
        ?.focus();
      return;
    }
    upload.finish();
  }
}

const value = (event: Event): string => (event.target as HTMLInputElement).value;
