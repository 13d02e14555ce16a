import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { AllowedAction, FollowedStep, Judgement, VersionDetail } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { ApiProblem } from '../api/problem.ts';
import { duration, number, percent } from '../i18n/format.ts';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { toasts } from '../shell/toasts.ts';
import { base, buttons } from '../styles/shared.ts';
import {
  actionName,
  bodyOf,
  isDangerous,
  needsReason,
  rolloutActions,
} from '../view-model/action-words.ts';
import { ACTION_VIEWS } from '../view-model/actions.ts';
import { rolloutStyles } from './cf-rollout.css.ts';
import { glimpse, judging, type Glimpse } from '../view-model/analysis-progress.ts';
import { judgedSignals, trendOf } from '../view-model/analysis-rows.ts';
import { rolloutOf, secondsLeft, stateOf, type RolloutScene } from '../view-model/rollout-view.ts';
import { signalChart, trendChart, type Names } from './signal-chart.ts';
import { signalStyles } from './signal-chart.css.ts';
import { sentence, stepShort, stepWords, type StepScene } from '../view-model/step-words.ts';
import { chips } from '../view-model/status.ts';
import { trouble } from './error-notice.ts';
import './cf-icon.ts';

const TICK_MS = 1000;
const TONES = { pass: 'good', fail: 'bad', wait: 'wait' } as const;

/**
 * A rollout under way: the share of the traffic, the steps, what was judged by which numbers, what
 * comes next and when, and what one may say to it. Fires `ask` with an action that wants a reason,
 * and `done` after one that does not.
 */
@customElement('cf-rollout')
export class CfRollout extends CfElement {
  @property({ attribute: false }) detail!: VersionDetail;
  /** the name of the version that serves until then */
  @property() stable: string | undefined;
  @state() private now = Date.now();
  @state() private busy = false;
  @state() private error: unknown;
  #timer: ReturnType<typeof setInterval> | undefined;
  #glimpse: Glimpse | undefined;
  /** the judgement at hand began again while this was looked at */
  #anew: string | undefined;

  static override styles = [base, buttons, chips, rolloutStyles, signalStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => (this.now = Date.now()), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render(): TemplateResult | typeof nothing {
    const scene = rolloutOf(this.detail);
    if (!scene) return nothing;
    this.#watch(scene);
    const whose: StepScene = {
      replicas: Number(this.detail.serving?.['replicas'] ?? 1),
      version: this.detail.name,
    };
    return html`
      <header>
        <h2>
          ${t().rollout.title}${scene.ended ? html` <span class="chip plain ${scene.aborted ? 'calm' : 'bad'}" data-ended=${scene.aborted ? 'aborted' : 'failed'}>${scene.aborted ? t().aborted : t().status.ProdFailed}</span>` : nothing}
        </h2>
        ${this.#buttons()}
      </header>
      ${trouble(this.error)} ${this.#weight(scene)} ${this.#steps(scene, whose)}
      ${scene.ended ? nothing : this.#stand(scene, whose)}
      ${scene.seen?.judgements.length ? this.#judgements(scene.seen.judgements, scene.steps) : nothing}
    `;
  }

  /** Whether the judgement at hand began again since it was looked at. */
  #watch(scene: RolloutScene): void {
    const now = glimpse(scene);
    const place = now && `${now.deployment}/${now.step}`;
    if (judging(scene, this.#glimpse)?.anew) this.#anew = place;
    else if (this.#anew !== place) this.#anew = undefined;
    this.#glimpse = now;
  }

  /** How many requests were counted, how many are needed, and whether it is the first try. */
  #judging(scene: RolloutScene): TemplateResult | typeof nothing {
    const now = judging(scene);
    if (!now) return nothing;
    const words = t().rollout;
    const anew = now.anew || this.#anew !== undefined;
    const needed = number(now.needed);
    const counts =
      now.counted === null ? words.needed(needed) : words.counted(number(now.counted), needed);
    return html`<p data-judging=${anew ? 'anew' : 'first'}>
      ${anew ? html`<b>${words.anew}</b> ` : nothing}${counts}
    </p>`;
  }

  /**
   * Each action keeps its own button while others come and go: who aims at one, or has the focus on
   * it, never presses another. Pause and resume are one button that changes its word.
   */
  #buttons(): TemplateResult {
    const actions = rolloutActions(this.detail);
    const reasons = [...new Set(actions.map((action) => action.reason).filter(Boolean))];
    return html`<div class="buttons" role="group" aria-label=${t().rollout.controls}>
        ${repeat(
          actions,
          ({ name }) => ACTION_VIEWS[name].button ?? name,
          (action) =>
            html`<button
              type="button"
              class="button small ${this.#kind(action)}"
              data-action=${action.name}
              aria-disabled=${!action.allowed || this.busy}
              title=${action.reason ?? ''}
              aria-describedby=${action.reason ? 'why' : nothing}
              @click=${() => void this.#do(action)}
            >
              ${actionName(this.detail, action)}
            </button>`,
        )}
      </div>
      ${reasons.length ? html`<p class="why" id="why">${reasons.join(' ')}</p>` : nothing}`;
  }

  /** What it waits for stands out; what ends it warns. */
  #kind({ name }: AllowedAction): string {
    if (isDangerous(name)) return 'danger';
    const { button, shows } = ACTION_VIEWS[name];
    return !button && !shows ? 'primary' : '';
  }

  async #do(action: AllowedAction): Promise<void> {
    if (!action.allowed || this.busy) return;
    if (needsReason(action.name))
      return void this.dispatchEvent(new CustomEvent('ask', { detail: action }));
    const { id, model, name } = this.detail;
    this.busy = true;
    this.error = undefined;
    try {
      const body = bodyOf({ action, strategy: 'canary' }, { seen: this.detail.lockVersion });
      await api.act(action.name, model.id, id, body);
      toasts.show({
        kind: 'good',
        text: t().actions.done[action.name](t().version.of(name, model.name)),
      });
    } catch (error) {
      this.error = error;
      if (!(error instanceof ApiProblem)) return;
    } finally {
      this.busy = false;
    }
    this.dispatchEvent(new Event('done'));
  }

  #weight({ weight }: RolloutScene): TemplateResult {
    const words = t().rollout;
    return html`<div>
      <p class="share">
        <b>${words.weight(percent(weight / 100), this.detail.name)}</b
        >${this.stable && weight < 100 ? html`<span class="muted">${words.stays(percent((100 - weight) / 100), this.stable)}</span>` : nothing}
      </p>
      <svg
        class="weight"
        viewBox="0 0 100 1"
        preserveAspectRatio="none"
        aria-hidden="true"
        data-weight=${weight}
      >
        <rect class="ground" width="100" height="1" />
        <rect class="new" width=${weight} height="1" />
      </svg>
    </div>`;
  }

  #steps(
    { steps, at, ended, aborted }: RolloutScene,
    whose: StepScene,
  ): TemplateResult | typeof nothing {
    if (!steps.length) return nothing;
    const words = t().rollout;
    return html`<ol class="steps" aria-label=${words.steps}>
      ${steps.map((step, index) => {
        const state = stateOf(index, at);
        const icon =
          state === 'done'
            ? 'check'
            : state === 'now'
              ? aborted
                ? 'ring'
                : ended
                  ? 'cross'
                  : 'play'
              : 'ring';
        return html`<li
          class="${state} ${ended && !aborted ? 'failed' : ''}"
          data-state=${state}
          data-kind=${step.kind}
          title=${sentence(stepWords(step, whose))}
          aria-current=${state === 'now' ? 'step' : nothing}
        >
          <cf-icon name=${icon} role="img" aria-label=${words.state[state]}></cf-icon
          >${stepShort(step)}
        </li>`;
      })}
    </ol>`;
  }

  /** Where it stands, for how long, and what comes then. */
  #stand(scene: RolloutScene, whose: StepScene): TemplateResult {
    const { steps, at, waitingFor, until } = scene;
    const words = t().rollout;
    const step = steps[at];
    const then = steps[at + 1];
    const left = until === null ? null : secondsLeft(until, this.now);
    return html`<div class="stand">
      <p>
        <span role="status"
          ><b
            >${waitingFor ? words.waiting[waitingFor] : step ? sentence(stepWords(step, whose)) : at < 0 ? words.starting : words.thenLive}</b
          ></span
        >${left === null ? nothing : html` <span role="timer" class="num">${left > 0 ? words.left(duration(left * 1000)) : words.soon}</span>`}
      </p>
      ${this.#judging(scene)}
      ${step ? html`<p class="muted">${then ? words.then(stepWords(then, whose)) : words.thenLive}</p>` : nothing}
    </div>`;
  }

  /** The newest in full; those before it can be opened, and are drawn over the steps. */
  #judgements(all: Judgement[], steps: FollowedStep[]): TemplateResult {
    const words = t().rollout;
    const names: Names = { stable: this.stable, canary: this.detail.name };
    const [newest, ...earlier] = [...all].reverse() as [Judgement, ...Judgement[]];
    const head = (one: Judgement): TemplateResult =>
      html`<span class="chip plain ${TONES[one.verdict]}">${words.verdict[one.verdict]}</span>
        <b>${words.step(one.step + 1)}</b> ${one.sentence}`;
    const charts = (one: Judgement): TemplateResult =>
      html`<ul class="signals">
        ${judgedSignals(one, steps).map((signal) => signalChart(signal, names))}
      </ul>`;
    const trends = (['errors', 'p95'] as const).map((name) =>
      trendChart(name, trendOf(name, all, steps), names),
    );
    return html`<section>
      <h3>${words.judgements}</h3>
      <div class="judgements">
        <article data-verdict=${newest.verdict}>
          <p>${head(newest)}</p>
          ${charts(newest)}
        </article>
        ${
          trends.some((one) => one !== nothing)
            ? html`<ul class="signals">
                ${trends}
              </ul>`
            : nothing
        }
        ${earlier.map(
          (one) =>
            html`<article data-verdict=${one.verdict}>
              <details>
                <summary>${head(one)}</summary>
                ${charts(one)}
              </details>
            </article>`,
        )}
      </div>
    </section>`;
  }
}
