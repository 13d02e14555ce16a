import { css, html, nothing, type TemplateResult } from 'lit';
import type { EventView, VersionStatus } from '../api/types.ts';
import type { EventSentence } from '../i18n/en.ts';
import { t } from '../i18n/language.ts';
import { hrefs } from '../shell/router.ts';
import type { IconName } from '../components/cf-icon.ts';
import { endedByPerson, type Tone } from './status-reason.ts';
import '../components/cf-icon.ts';
import '../components/cf-time.ts';

const BAD = new Set([
  'ValidationFailed',
  'StagingFailed',
  'ProdFailed',
  'failed',
  'Failed',
  'block',
  'rejected',
]);
const GOOD = new Set(['Live', 'Staging', 'done', 'Ready', 'pass', 'approved']);
const ICONS: Record<string, IconName> = {
  'version.registered': 'upload',
  'version.scan': 'shield',
  'version.build': 'models',
  'deployment.facts': 'endpoints',
  'rollout.steered': 'person',
  'endpoint.changed': 'endpoints',
  'approval.recorded': 'person',
  'fact.stale': 'info',
};

export const eventLines = css`
  .event {
    display: grid;
    grid-template-columns: 30px minmax(0, 1fr) auto;
    align-items: baseline;
    column-gap: var(--cf-3);
    padding: var(--cf-2) 0;
  }
  .event .badge {
    display: grid;
    place-items: center;
    align-self: start;
    width: 30px;
    height: 30px;
    border-radius: 50%;
    background: var(--cf-sunken);
    color: var(--cf-muted);
    font-size: 14px;
  }
  .event .badge.good {
    background: var(--cf-good-soft);
    color: var(--cf-good);
  }
  .event .badge.bad {
    background: var(--cf-bad-soft);
    color: var(--cf-bad);
  }
  .event p {
    overflow-wrap: anywhere;
    padding-top: 3px;
  }
  .event a {
    color: var(--cf-ink);
    font-weight: 580;
    text-decoration: none;
  }
  .event a:hover {
    text-decoration: underline;
  }
  .event .at {
    font-size: var(--cf-text-s);
    color: var(--cf-muted);
    white-space: nowrap;
  }
  @media (max-width: 520px) {
    .event {
      grid-template-columns: 30px minmax(0, 1fr);
    }
    .event .at {
      grid-column: 2;
    }
  }
`;

/** What happened, without its subject; a topic that has no words yet is given as it is. */
export function eventSentence(
  { topic, payload }: EventView,
  status: (key: string) => string,
): string {
  const sentences: Partial<Record<string, EventSentence>> = t().activity.sentences;
  return sentences[topic]?.(payload as Record<string, string | undefined>, status) ?? topic;
}

/**
 * One line of the journal: what, to which version, by whom, when, and the reason if there is one.
 */
export function eventLine(event: EventView, subject?: string): TemplateResult {
  const aborted = endedByPerson(String(event.payload.reasonCode ?? ''));
  const tone = aborted ? 'calm' : toneOf(event);
  const sentence = eventSentence(event, (key) =>
    aborted && (key === 'ProdFailed' || key === 'StagingFailed')
      ? t().aborted
      : (t().status[key as VersionStatus] ?? key),
  );
  const reason = event.payload.reason ?? event.payload.comment;
  const name = subject && subjectLink(event, subject);
  const words = html`${name ? html`${name} ` : nothing}${name ? sentence : sentence.charAt(0).toUpperCase() + sentence.slice(1)}`;
  return html`<li class="event">
    <span class="badge ${tone}"><cf-icon name=${iconOf(event, tone)}></cf-icon></span>
    <div>
      <p>${words}</p>
      ${typeof reason === 'string' && reason ? html`<p class="muted small">${reason}</p>` : nothing}
    </div>
    <span class="at"
      >${event.actor ? `${event.actor}, ` : nothing}<cf-time at=${event.at}></cf-time
    ></span>
  </li>`;
}

function toneOf({ payload }: EventView): Tone {
  const { status, state, phase, verdict, decision } = payload;
  const said = [status, state, phase, verdict, decision].find((one) => typeof one === 'string');
  if (said === undefined) return 'calm';
  return BAD.has(said) ? 'bad' : GOOD.has(said) ? 'good' : 'calm';
}

function iconOf({ topic }: EventView, tone: Tone): IconName {
  if (tone === 'bad') return 'cross';
  return tone === 'good' ? 'check' : (ICONS[topic] ?? 'dot');
}

function subjectLink({ modelId, versionId }: EventView, subject: string): TemplateResult {
  if (modelId && versionId)
    return html`<a href=${hrefs.version(modelId, versionId)}>${subject}</a>`;
  return modelId ? html`<a href=${hrefs.model(modelId)}>${subject}</a>` : html`<b>${subject}</b>`;
}
