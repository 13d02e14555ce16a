import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { ModelDetail } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { ApiProblem, Offline } from '../api/problem.ts';
import { t } from '../i18n/language.ts';
import { Resource } from '../live/resource.ts';
import { CfElement } from '../shell/element.ts';
import { mayUpload, session } from '../shell/session.ts';
import { forms } from '../styles/forms.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import type { Form } from '../upload/draft.ts';
import { fieldErrors, type Field, type FieldErrors } from '../upload/field-errors.ts';
import { upload, filesOf } from '../upload/index.ts';
import { nextVersion } from '../upload/next-version.ts';
import { trouble } from '../components/error-notice.ts';
import { uploadForm } from '../components/upload-form.ts';
import { uploadAside, uploadFiles, uploadFoot } from '../components/upload-sections.ts';
import { uploadStyles } from './cf-upload-page.css.ts';
import '../components/cf-icon.ts';
import type { CfParams } from '../components/cf-params.ts';

const TYPING_MS = 180;

/** A drop zone, a form, and beside them what happens next. The bytes go while one writes. */
@customElement('cf-upload-page')
export class CfUploadPage extends CfElement {
  @property({ type: Number }) modelId: number | undefined;
  @state() private over = false;
  @state() private names: string[] = [];
  @state() private existing: ModelDetail | undefined;
  @state() private errors: FieldErrors = {};
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
          ${this.#dropZone()}
          ${
            upload.otherName && kept
              ? html`<div class="notice wait" role="status" id="other-model">
                  <cf-icon name="info"></cf-icon>
                  <div>${words.otherModel(upload.otherName, kept)}</div>
                </div>`
              : nothing
          }
          ${this.errors.files ? html`<p class="error" role="alert">${this.errors.files}</p>` : nothing}
          ${items.length ? uploadFiles(items) : nothing} ${this.#form()} ${uploadFoot(upload)}
        </form>
        ${uploadAside()}
      </div>
    `;
  }

  #dropZone(): TemplateResult {
    const words = t().upload;
    return html`<div
      class="drop ${this.over ? 'over' : ''} ${upload.items.length ? 'has' : ''}"
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
    </div>`;
  }

  #form(): TemplateResult {
    const words = t().upload;
    const newest = this.existing?.versions[0]?.name;
    const kept = this.#kept?.name;
    return uploadForm({
      form: upload.form,
      errors: this.errors,
      names: this.names,
      nameHint: newest ? words.existing(newest) : kept ? words.keeps(kept) : words.nameHint,
      isNameKept: this.modelId !== undefined,
      edit: (change, field) => this.#edit(change, field),
      typeName: (name) => this.#typeName(name),
    });
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
  #edit(change: Partial<Form>, field?: Field): void {
    if (field) this.errors = { ...this.errors, [field]: undefined };
    upload.edit(change);
  }

  #typeName(name: string): void {
    this.#edit({ name }, 'name');
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#lookUp(upload.form.name), TYPING_MS);
  }

  /** Names that begin so, and for one that exists the version that would come next. */
  async #lookUp(name: string): Promise<void> {
    try {
      const { value: page } = await api.models({ search: name.trim(), limit: 20 });
      this.names = page.items.map((row) => row.name);
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
    if (upload.busy) return;
    const params = this.renderRoot.querySelector<CfParams>('cf-params')?.problem;
    this.errors = fieldErrors(upload.form, upload.items, params);
    const [first] = Object.keys(this.errors);
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
