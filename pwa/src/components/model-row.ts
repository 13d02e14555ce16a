import { html, nothing, type TemplateResult } from 'lit';
import type { ModelRow } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { hrefs } from '../shell/router.ts';
import { statusChip } from '../view-model/status.ts';
import './cf-pipeline.ts';
import './cf-time.ts';

/** A model in the list of all; where it is not loaded yet, its place. */
export function modelRow(
  row: ModelRow | undefined,
  { index, total }: { index: number; total: number },
): TemplateResult {
  return html`<li class="row" aria-setsize=${total} aria-posinset=${index + 1}>
    ${row ? cells(row) : html`<span class="ghost"></span>`}
  </li>`;
}

function cells(row: ModelRow): TemplateResult {
  const words = t().models;
  const { id, newest, liveVersion } = row;
  return html`<a class="name" href=${newest ? hrefs.version(id, newest.id) : hrefs.model(id)}
      >${row.name}</a
    >
    <span class="team muted small">${row.team ?? words.wholeCompany}</span>
    <span class="newest"
      >${newest ? html`<span class="num ver">${newest.name}</span>${statusChip(newest)}` : html`<span class="muted">${words.noVersion}</span>`}</span
    >
    <span class="dots"
      >${newest ? html`<cf-pipeline small .stops=${newest.road}></cf-pipeline>` : nothing}</span
    >
    <span class="live small"
      >${liveVersion ? html`<a href=${hrefs.version(id, liveVersion.id)}>${words.live(liveVersion.name)}</a>` : html`<span class="muted">${words.notLive}</span>`}</span
    >
    <span class="when muted small"
      >${newest ? html`<span class="who">${newest.submitter}</span><cf-time at=${newest.changedAt}></cf-time>` : nothing}</span
    >`;
}

/** A model whose newest version needs somebody. */
export function modelCard(row: ModelRow): TemplateResult | typeof nothing {
  const { newest } = row;
  if (!newest) return nothing;
  return html`<li class="card need">
    <a href=${hrefs.version(row.id, newest.id)}
      >${row.name} <span class="num">${newest.name}</span></a
    >
    ${statusChip(newest)}
    ${newest.statusReason ? html`<p class="reason small">${newest.statusReason}</p>` : nothing}
    <p class="foot muted small">
      <cf-pipeline small .stops=${newest.road}></cf-pipeline
      ><span>${t().models.by(newest.submitter)}, <cf-time at=${newest.changedAt}></cf-time></span>
    </p>
  </li>`;
}
