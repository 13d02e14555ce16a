import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { DeploymentView, PodView } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { clock } from '../i18n/format.ts';
import { CfElement } from '../shell/element.ts';
import { base } from '../styles/shared.ts';
import {
  conditionLook,
  deploymentStanding,
  podLook,
  type DeploymentStanding,
} from '../view-model/deployment-status.ts';
import { chips } from '../view-model/status.ts';
import './cf-icon.ts';
import './cf-time.ts';

/**
 * Each deployment of a version with what the cluster says of it: conditions and pods, with their
 * reasons.
 */
@customElement('cf-deployments')
export class CfDeployments extends CfElement {
  @property({ attribute: false }) items: DeploymentView[] = [];

  static override styles = [
    base,
    chips,
    css`
      .none {
        padding: var(--cf-5);
      }
      article {
        display: grid;
        gap: var(--cf-4);
        padding: var(--cf-5);
      }
      article + article {
        border-top: 1px solid var(--cf-line);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--cf-2) var(--cf-3);
      }
      .end {
        margin-left: auto;
      }
      .reason {
        padding: var(--cf-3) var(--cf-4);
        border-radius: var(--cf-radius);
        background: var(--cf-bad-soft);
        overflow-wrap: anywhere;
      }
      h2 {
        font-size: var(--cf-text);
      }
      h3 {
        margin: 0 0 var(--cf-2);
        font-size: var(--cf-text-s);
        font-weight: 560;
        color: var(--cf-muted);
      }
      .line {
        display: grid;
        grid-template-columns: 22px minmax(0, auto) minmax(0, 1fr);
        gap: 0 var(--cf-2);
        padding: 5px 0;
        font-size: 14px;
      }
      .line cf-icon {
        font-size: 14px;
        margin-top: 2px;
      }
      .line .message {
        color: var(--cf-muted);
        overflow-wrap: anywhere;
      }
      .line b {
        font-weight: 560;
        overflow-wrap: anywhere;
      }
      .True {
        color: var(--cf-good);
      }
      .False {
        color: var(--cf-bad);
      }
      .warn {
        color: var(--cf-wait);
      }
      .seen {
        padding-top: var(--cf-2);
      }
      .Unknown {
        color: var(--cf-muted);
      }
      .url {
        overflow-wrap: anywhere;
      }
      @media (max-width: 520px) {
        article {
          padding: var(--cf-4);
        }
        .line {
          grid-template-columns: 22px minmax(0, 1fr);
        }
        .line .message {
          grid-column: 2;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    if (!this.items.length) return html`<p class="none muted">${t().deployments.none}</p>`;
    return html`${[...this.items].sort((a, b) => b.id - a.id).map((item) => this.#item(item))}`;
  }

  #item(item: DeploymentView): TemplateResult {
    const words = t().deployments;
    const standing = deploymentStanding(item);
    const { tone, word, over } = standing;
    const seen = whatWasSeen(item);
    return html`<article>
      <header>
        <h2>${words.environment[item.environmentKind]}</h2>
        <span class="chip plain ${tone}"
          >${words.standing[word as keyof typeof words.standing] ?? words.phase[word] ?? word}</span
        >
        <span class="muted small"
          >${[strategyName(item.strategy), noteOf(item), over ? '' : readyPods(item)].filter(Boolean).join(' · ')}</span
        >
        <span class="muted small end"
          >${item.requestedBy ? `${words.by(item.requestedBy)}, ` : nothing}<cf-time
            at=${item.createdAt}
          ></cf-time
        ></span>
      </header>
      ${reasonAndAddresses(item, standing)}
      ${
        seen === nothing
          ? nothing
          : over
            ? html`<details class="seen">
                <summary class="muted small">${words.lastSeen}</summary>
                ${seen}
              </details>`
            : seen
      }
    </article>`;
  }
}

/** What serves or serves no longer, where the standing alone does not say it. */
function noteOf({ isLive, desired }: DeploymentView): string {
  const words = t().deployments;
  if (isLive) return words.live;
  if (desired === 'kept') return words.kept;
  return desired === 'removed' ? words.removed : '';
}

function readyPods({ observed }: DeploymentView): string {
  if (observed?.replicas === undefined) return '';
  return t().deployments.ready(observed.readyReplicas ?? 0, observed.replicas);
}

function reasonAndAddresses(
  item: DeploymentView,
  { tone, working }: DeploymentStanding,
): TemplateResult {
  const words = t().deployments;
  const { reason, deadlineAt, endpointUrl, previewUrl } = item;
  return html`${reason ? html`<p class=${tone === 'bad' ? 'reason' : 'muted small'}>${reason}</p>` : nothing}
  ${working && deadlineAt ? html`<p class="muted small">${words.deadline(clock(deadlineAt))}</p>` : nothing}
  ${endpointUrl && (item.isLive || working) ? html`<p class="url"><code>${endpointUrl}</code></p>` : nothing}
  ${previewUrl && working ? html`<p class="url muted small">${words.preview}: <code>${previewUrl}</code></p>` : nothing}`;
}

/** What the cluster said of it; of one that is over, the last that was seen. */
function whatWasSeen(item: DeploymentView): TemplateResult | typeof nothing {
  const words = t().deployments;
  const { conditions, observed } = item;
  const pods = observed?.pods ?? [];
  if (!conditions.length && !pods.length) return nothing;
  return html` ${
    conditions.length
      ? html`<section>
          <h3>${words.conditions}</h3>
          <ul>
            ${conditions.map((condition) => conditionLine(condition, item))}
          </ul>
        </section>`
      : nothing
  }
  ${
    pods.length
      ? html`<section>
          <h3>${words.pods}</h3>
          <ul>
            ${pods.map((pod) => podLine(pod, item))}
          </ul>
        </section>`
      : nothing
  }`;
}

function conditionLine(
  condition: DeploymentView['conditions'][number],
  item: DeploymentView,
): TemplateResult {
  const { tone, icon } = conditionLook(condition, item);
  return html`<li class="line">
    <cf-icon class=${tone} name=${icon}></cf-icon><b>${condition.type}</b
    ><span class="message"
      >${[condition.reason === condition.type ? '' : condition.reason, condition.message].filter(Boolean).join(': ')}</span
    >
  </li>`;
}

function podLine(pod: PodView, item: DeploymentView): TemplateResult {
  const words = t().deployments;
  const { tone, icon } = podLook(pod, item);
  return html`<li class="line">
    <cf-icon class=${tone} name=${icon}></cf-icon><b class="mono">${pod.name}</b
    ><span class="message"
      >${[pod.phase, pod.ready ? words.podReady : words.podNotReady, pod.reason, pod.message].filter(Boolean).join(' · ')}</span
    >
  </li>`;
}

function strategyName(strategy: string): string {
  return strategy === 'blue-green' ||
    strategy === 'rolling' ||
    strategy === 'canary' ||
    strategy === 'recreate'
    ? t().strategy[strategy]
    : strategy;
}
