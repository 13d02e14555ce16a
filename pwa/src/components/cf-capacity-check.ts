import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import * as api from '../api/mlops.ts';
import type { PromotionPlan, Strategy, VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { base, notices } from '../styles/shared.ts';
import './cf-icon.ts';

/**
 * Whether a promotion by this strategy fits into the cluster now. A help, not a condition: where
 * that cannot be had, it says nothing.
 */
@customElement('cf-capacity-check')
export class CfCapacityCheck extends CfElement {
  @property({ attribute: false }) detail!: VersionDetail;
  @property() strategy!: Strategy;
  /** undefined: it is being asked for; null: it cannot be had */
  @state() private plan: PromotionPlan | null | undefined;

  static override styles = [
    base,
    notices,
    css`
      :host {
        margin-top: var(--cf-3);
        overflow-wrap: anywhere;
      }
      p {
        display: flex;
        gap: var(--cf-2);
      }
      p cf-icon {
        color: var(--cf-good);
        margin-top: 2px;
      }
      .muted {
        color: var(--cf-muted);
      }
    `,
  ];

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('strategy')) void this.#look(this.strategy);
  }

  override render(): TemplateResult {
    return html`<div role="status">${this.#said()}</div>`;
  }

  #said(): TemplateResult | typeof nothing {
    const { plan } = this;
    const words = t().strategy;
    if (plan === null) return nothing;
    if (plan === undefined) return html`<p class="muted">${words.looking}</p>`;
    if (plan.obstacle === null)
      return html`<p><cf-icon name="check"></cf-icon>${words.fitsNow}</p>`;
    return html`<div class="notice ${plan.obstacle.waits ? 'wait' : 'bad'}">
      <cf-icon name="info"></cf-icon>
      <div>${plan.obstacle.message}${plan.obstacle.waits ? ` ${words.wouldWait}` : nothing}</div>
    </div>`;
  }

  async #look(strategy: Strategy): Promise<void> {
    this.plan = undefined;
    const plan = await api.plan(this.detail.model.id, this.detail.id, strategy).catch(() => null);
    if (strategy === this.strategy) this.plan = plan;
  }
}
