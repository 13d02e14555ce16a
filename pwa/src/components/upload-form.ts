import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n/language.ts';
import type { Form } from '../upload/draft.ts';
import type { Field, FieldErrors } from '../upload/field-errors.ts';
import './cf-params.ts';

const FRAMEWORKS = [
  'pytorch',
  'tensorflow',
  'scikit-learn',
  'xgboost',
  'lightgbm',
  'onnx',
  'numpy',
  'jax',
];
/** What only a metadata.json gives; it is shown as it is. */
const MORE = ['metrics', 'inputSchema', 'outputSchema', 'serving'] as const;

interface UploadFormView {
  form: Form;
  errors: FieldErrors;
  /** of models, to choose from */
  names: string[];
  nameHint: string;
  /** the page uploads a version of one model: its name is not typed */
  isNameKept: boolean;
  /** with `field`, what was wrong with that field is mended by it */
  edit: (change: Partial<Form>, field?: Field) => void;
  typeName: (name: string) => void;
}

/** What a person says of the version. */
export function uploadForm(view: UploadFormView): TemplateResult {
  const { form, errors, edit } = view;
  return html`<section class="card about">
    <h2>${t().upload.about}</h2>
    <div class="pair">${nameField(view)} ${versionField(view)}</div>
    ${descriptionField(view)} ${frameworkField(view)}
    <cf-params
      .values=${form.params}
      .error=${errors.params}
      @change=${(event: CustomEvent<Record<string, unknown>>) => edit({ params: event.detail }, 'params')}
    ></cf-params>
    ${moreOf(form)}
  </section>`;
}

function nameField({
  form,
  errors,
  names,
  nameHint,
  isNameKept,
  typeName,
}: UploadFormView): TemplateResult {
  return html`<div class="field">
    <label for="name">${t().upload.name}</label>
    <input
      id="name"
      name="name"
      list="names"
      autocomplete="off"
      maxlength="120"
      .value=${form.name}
      ?readonly=${isNameKept}
      @input=${(event: Event) => typeName(value(event))}
      aria-invalid=${Boolean(errors.name)}
      aria-describedby="name-hint"
    />
    <datalist id="names">${names.map((one) => html`<option value=${one}></option>`)}</datalist>
    <span id="name-hint" class=${errors.name ? 'error' : 'hint'}>${errors.name ?? nameHint}</span>
  </div>`;
}

function versionField({ form, errors, edit }: UploadFormView): TemplateResult {
  return html`<div class="field">
    <label for="version">${t().upload.version}</label>
    <input
      id="version"
      name="version"
      autocomplete="off"
      spellcheck="false"
      .value=${form.version}
      @input=${(event: Event) => edit({ version: value(event) }, 'version')}
      aria-invalid=${Boolean(errors.version)}
      aria-describedby="version-hint"
    />
    <span id="version-hint" class="error">${errors.version ?? nothing}</span>
  </div>`;
}

function descriptionField({ form, edit }: UploadFormView): TemplateResult {
  const words = t().upload;
  return html`<div class="field">
    <label for="description"
      >${words.description} <span class="muted">(${words.optional})</span></label
    ><textarea
      id="description"
      rows="2"
      .value=${form.description}
      @input=${(event: Event) => edit({ description: value(event) })}
    ></textarea>
  </div>`;
}

function frameworkField({ form, edit }: UploadFormView): TemplateResult {
  const words = t().upload;
  return html`<div class="field half">
    <label for="framework">${words.framework} <span class="muted">(${words.optional})</span></label
    ><input
      id="framework"
      maxlength="60"
      list="frameworks"
      .value=${form.framework}
      @input=${(event: Event) => edit({ framework: value(event) })}
    />
    <datalist id="frameworks">
      ${FRAMEWORKS.map((one) => html`<option value=${one}></option>`)}
    </datalist>
  </div>`;
}

function moreOf(form: Form): TemplateResult | typeof nothing {
  const words = t().upload;
  const given = MORE.map((key) => [key, form[key]] as const).filter(([, one]) => one !== undefined);
  if (!given.length) return nothing;
  return html`<details>
    <summary>${words.more}</summary>
    ${given.map(
      ([key, one]) =>
        html`<p class="label">${words[key]}</p>
          <pre tabindex="0" role="region" aria-label=${words[key]}>
${JSON.stringify(one, null, 2)}</pre>`,
    )}
  </details>`;
}

const value = (event: Event): string => (event.target as HTMLInputElement).value;
