import { html, nothing, type TemplateResult } from 'lit';
import { ApiProblem, Offline } from '../api/problem.ts';
import { relative } from '../i18n/format.ts';
import { t } from '../i18n/language.ts';
import './cf-icon.ts';

/** What an error says to a person: what happened, then what to do. Needs the `notices` styles. */
export function trouble(error: unknown, retry?: () => void): TemplateResult | typeof nothing {
  if (!error) return nothing;
  return html`<div class="notice bad" role="alert">
    <cf-icon name=${error instanceof Offline ? 'offline' : 'warn'}></cf-icon>
    <div>${sentences(error)}</div>
    ${retry ? html`<button type="button" class="button small" @click=${retry}>${t().app.retry}</button>` : nothing}
  </div>`;
}

export function sentences(error: unknown): TemplateResult | string {
  if (error instanceof Offline) return t().line.nothingKept;
  if (error instanceof ApiProblem) {
    return html`<p>${error.message}</p>
      ${error.remedy ? html`<p class="muted">${error.remedy}</p>` : nothing}${
        error.errors.length
          ? html`<ul class="small">
              ${error.errors.map((one) => html`<li><b>${one.field}</b>: ${one.reason} ${one.remedy ?? ''}</li>`)}
            </ul>`
          : nothing
      }`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Says that this is what was last seen, and how old it is. */
export function stale(since: number | undefined): TemplateResult | typeof nothing {
  if (since === undefined) return nothing;
  return html`<p class="notice wait small" role="status">
    <cf-icon name="offline"></cf-icon><span>${t().line.stale(relative(since))}</span>
  </p>`;
}
