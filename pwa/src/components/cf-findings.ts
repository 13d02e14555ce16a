import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { FindingView, VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { date, number } from '../i18n/format.ts';
import { CfElement } from '../shell/element.ts';
import { base, buttons } from '../styles/shared.ts';
import { actionName } from '../view-model/action-words.ts';
import { waiverAction } from '../view-model/remedy-action.ts';
import { chips } from '../view-model/status.ts';
import './cf-icon.ts';

const RANK = { block: 0, review: 1, pass: 2 } as const;
const TONE = { block: 'bad', review: 'wait', pass: 'calm' } as const;

/**
 * What the scan found, worst first; each opens to the byte or line, why it matters and what to do.
 */
@customElement('cf-findings')
export class CfFindings extends CfElement {
  @property({ attribute: false }) detail!: VersionDetail;

  static override styles = [
    base,
    buttons,
    chips,
    css`
      .none {
        display: flex;
        gap: var(--cf-3);
        padding: var(--cf-5);
      }
      .none cf-icon {
        color: var(--cf-good);
        margin-top: 1px;
      }
      details + details {
        border-top: 1px solid var(--cf-line);
      }
      summary {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: start;
        gap: var(--cf-3);
        padding: var(--cf-4) var(--cf-5);
        cursor: pointer;
        list-style: none;
      }
      summary::-webkit-details-marker {
        display: none;
      }
      summary:hover {
        background: var(--cf-hover);
      }
      summary:focus-visible {
        outline-offset: -3px;
      }
      .what {
        display: block;
        font-weight: 560;
        overflow-wrap: anywhere;
      }
      .arrow {
        transition: rotate var(--cf-quick);
        color: var(--cf-muted);
        margin-top: 3px;
      }
      details[open] .arrow {
        rotate: 90deg;
      }
      .inside,
      dl {
        display: grid;
        gap: var(--cf-4);
      }
      .inside {
        padding: 0 var(--cf-5) var(--cf-5);
      }
      .inside .button {
        justify-self: start;
      }
      dt {
        font-size: var(--cf-text-s);
        color: var(--cf-muted);
      }
      dd {
        overflow-wrap: anywhere;
      }
      pre {
        margin: 4px 0 0;
        padding: var(--cf-3);
        overflow: auto;
        border-radius: var(--cf-radius);
        background: var(--cf-sunken);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      @media (max-width: 520px) {
        summary {
          grid-template-columns: minmax(0, 1fr) auto;
          padding: var(--cf-4);
        }
        summary .chip {
          grid-column: 1;
          justify-self: start;
        }
        summary .text {
          grid-column: 1 / -1;
          grid-row: 2;
        }
        .arrow {
          grid-row: 1;
          grid-column: 2;
        }
        .inside {
          padding: 0 var(--cf-4) var(--cf-4);
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const words = t().findings;
    const { findings, scan, status } = this.detail;
    if (!findings.length) {
      if (!scan || status === 'Validating')
        return html`<p class="none muted" role="status">${words.pending}</p>`;
      return html`<div class="none">
        <cf-icon name="check"></cf-icon>
        <div>
          <p>${words.none}</p>
          <p class="muted small">${words.noneLead(scan.rulesetVersion)}</p>
        </div>
      </div>`;
    }
    return html`${[...findings].sort((a, b) => RANK[a.verdict] - RANK[b.verdict]).map((finding, index) => this.#finding(finding, index === 0))}`;
  }

  #finding(finding: FindingView, first: boolean): TemplateResult {
    const words = t().findings;
    const waive = waiverAction(finding.verdict, finding.waiver?.state === 'accepted', this.detail);
    return html`<details ?open=${first && finding.verdict !== 'pass'}>
      <summary>
        <span class="chip ${TONE[finding.verdict]} plain">${words.severity[finding.severity]}</span>
        <span class="text"
          ><span class="what">${finding.why}</span
          ><span class="muted small"
            >${where(finding)} ·
            ${finding.waiver?.state === 'accepted' ? standing(finding.waiver) : words.verdict[finding.verdict]}</span
          ></span
        >
        <cf-icon class="arrow" name="chevron"></cf-icon>
      </summary>
      <div class="inside">
        <dl>
          ${
            (finding.symbol ?? finding.evidence)
              ? html`<div>
                  <dt>${words.evidence}</dt>
                  <dd><pre>${finding.evidence ?? finding.symbol}</pre></dd>
                </div>`
              : nothing
          }
          <div>
            <dt>${words.remedy}</dt>
            <dd>${finding.remedy}</dd>
          </div>
          ${
            finding.waiver
              ? html`<div>
                  <dt>${words.waiver.title}</dt>
                  <dd>${standing(finding.waiver)}</dd>
                </div>`
              : nothing
          }
          <div>
            <dt>${words.rule}</dt>
            <dd><code>${finding.rule}</code></dd>
          </div>
        </dl>
        ${waive ? html`<button type="button" class="button small primary" data-action=${waive.name} @click=${() => this.dispatchEvent(new CustomEvent('ask', { detail: waive }))}>${actionName(this.detail, waive)}</button>` : nothing}
      </div>
    </details>`;
  }
}

function standing(waiver: NonNullable<FindingView['waiver']>): string {
  const words = t().findings.waiver;
  const until = date(waiver.expiresOn);
  switch (waiver.state) {
    case 'requested':
      return words.requested(waiver.requestedBy, waiver.reason);
    case 'accepted':
      return words.accepted(waiver.decidedBy ?? '', until);
    case 'refused':
      return words.refused(waiver.decidedBy ?? '', waiver.comment ?? '');
    case 'expired':
      return words.expired(until);
  }
}

/** "model.pkl, byte 1,204" */
export function where(finding: FindingView): string {
  const at = t().findings.at;
  if (finding.line != null) return `${finding.file}, ${at.line(finding.line, finding.column)}`;
  return finding.offset != null
    ? `${finding.file}, ${at.offset(number(finding.offset))}`
    : finding.file;
}
