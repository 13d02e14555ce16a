import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { RoadStop } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { dayAndClock, duration, exact } from '../i18n/format.ts';
import { CfElement } from '../shell/element.ts';
import { base } from '../styles/shared.ts';
import type { IconName } from './cf-icon.ts';
import { pipelineStyles } from './cf-pipeline.css.ts';
import './cf-icon.ts';
import './cf-time.ts';

const ICONS: Record<RoadStop['state'], IconName> = {
  done: 'check',
  running: 'spin',
  waiting: 'person',
  failed: 'cross',
  aborted: 'ring',
  over: 'ring',
  ahead: 'dot',
};
const TICK_MS = 1_000;

/**
 * The eight stops of a version. `small`: eight dots for a row of a list; else the whole picture,
 * with times and who.
 */
@customElement('cf-pipeline')
export class CfPipeline extends CfElement {
  @property({ attribute: false }) stops: RoadStop[] = [];
  @property({ type: Boolean, reflect: true }) small = false;
  #tick: ReturnType<typeof setInterval> | undefined;

  static override styles = [base, pipelineStyles];

  override updated(): void {
    // A running stop counts its seconds.
    const runs = !this.small && this.stops.some((stop) => stop.state === 'running' && stop.at);
    if (runs && this.#tick === undefined)
      this.#tick = setInterval(() => this.requestUpdate(), TICK_MS);
    if (!runs) this.#still();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#still();
  }

  override render(): TemplateResult {
    return this.small ? this.#dots() : this.#road();
  }

  #dots(): TemplateResult {
    const done = this.stops.filter((stop) => stop.state === 'done').length;
    const here =
      this.stops.find((stop) => !['done', 'ahead', 'over'].includes(stop.state)) ??
      this.stops.findLast((stop) => stop.state === 'done');
    const label = here
      ? t().road.summary(done, t().road.stops[here.key], t().road.states[here.state])
      : t().road.title;
    return html`<span class="dots" role="img" aria-label=${label} title=${label}
      >${this.stops.map((stop) => html`<i class=${stop.state}></i>`)}</span
    >`;
  }

  #road(): TemplateResult {
    return html`<ol class="road" aria-label=${t().road.title}>
      ${this.stops.map(
        (stop) =>
          html`<li
            class="stop ${stop.state}"
            data-key=${stop.key}
            data-state=${stop.state}
            aria-current=${stop.state === 'running' || stop.state === 'waiting' || stop.state === 'failed' || stop.state === 'aborted' ? 'step' : nothing}
          >
            <span class="mark"><cf-icon name=${ICONS[stop.state]}></cf-icon></span>
            <span class="words">
              <span class="name">${t().road.stops[stop.key]}</span>
              ${this.#state(stop)}
            </span>
          </li>`,
      )}
    </ol>`;
  }

  #state(stop: RoadStop): TemplateResult {
    const words = t().road;
    if (stop.state === 'running' && stop.at) {
      return html`<span class="state num"
        >${words.running(duration(Math.max(0, Date.now() - Date.parse(stop.at))))}</span
      >`;
    }
    const time = stop.at
      ? html`<time datetime=${stop.at} title=${exact(stop.at)}>${dayAndClock(stop.at)}</time>`
      : nothing;
    if (stop.state !== 'done') {
      return html`<span class="state">${words.statesShort[stop.state]}</span
        >${(stop.state === 'failed' || stop.state === 'aborted') && stop.at ? html`<span class="detail num">${time}</span>` : nothing}`;
    }
    const details = [
      stop.durationMs && stop.durationMs > 500 ? words.took(duration(stop.durationMs)) : '',
      stop.by ? words.by(stop.by) : '',
    ].filter(Boolean);
    return html`<span class="state num">${stop.at ? time : words.statesShort.done}</span
      >${details.map((detail) => html`<span class="detail num">${detail}</span>`)}`;
  }

  #still(): void {
    clearInterval(this.#tick);
    this.#tick = undefined;
  }
}
