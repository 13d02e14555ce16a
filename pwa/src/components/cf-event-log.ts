import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { ApprovalView, EventPage } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { t } from '../i18n/language.ts';
import { Resource } from '../live/resource.ts';
import { CfElement } from '../shell/element.ts';
import { base, buttons, notices } from '../styles/shared.ts';
import { eventLine, eventLines } from '../view-model/event-line.ts';
import { stale, trouble } from './error-notice.ts';
import './cf-icon.ts';
import './cf-time.ts';

const JOURNAL_LINES = 200;

/** What happened to one version, newest first, and what people said when they decided. */
@customElement('cf-event-log')
export class CfEventLog extends CfElement {
  @property({ type: Number }) modelId = 0;
  @property({ type: Number }) versionId = 0;
  @property({ attribute: false }) approvals: ApprovalView[] = [];
  #events = new Resource<EventPage>(this, {
    load: (signal) =>
      api.events(
        { modelId: this.modelId, versionId: this.versionId, limit: JOURNAL_LINES },
        signal,
      ),
    concerns: (event) => event.versionId === this.versionId,
  });

  static override styles = [
    base,
    buttons,
    notices,
    eventLines,
    css`
      :host {
        padding: var(--cf-3) var(--cf-5) var(--cf-4);
      }
      .comments {
        display: grid;
        gap: var(--cf-3);
        margin: var(--cf-2) 0 var(--cf-4);
      }
      blockquote {
        margin: 0;
        padding: var(--cf-3) var(--cf-4);
        border-radius: var(--cf-radius);
        background: var(--cf-sunken);
        overflow-wrap: anywhere;
      }
    `,
  ];

  override willUpdate(): void {
    this.#events.keyed(this.versionId);
  }

  override render(): TemplateResult {
    const words = t().version;
    const lines = (this.#events.value?.items ?? []).filter(
      (event) => event.versionId === this.versionId && event.topic !== 'command',
    );
    return html`
      ${stale(this.#events.staleSince)}
      ${trouble(this.#events.error, () => void this.#events.reload())}
      ${
        this.approvals.length
          ? html`<div class="comments">
              ${this.approvals.map(
                (one) =>
                  html`<blockquote>
                    <p>
                      ${one.decision === 'approved' ? words.approved(one.by, one.environment ?? '') : words.rejected(one.by)},
                      <cf-time class="muted" at=${one.at}></cf-time>
                    </p>
                    ${one.comment ? html`<p class="muted">${one.comment}</p>` : nothing}
                  </blockquote>`,
              )}
            </div>`
          : nothing
      }
      ${
        lines.length
          ? html`<ul class="events">
              ${lines.toSorted((a, b) => b.position - a.position).map((event) => eventLine(event))}
            </ul>`
          : this.#events.value
            ? html`<p class="muted">${t().activity.none}</p>`
            : nothing
      }
    `;
  }
}
