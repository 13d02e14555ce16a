import { css, html, nothing, type TemplateResult } from 'lit';
import type { EventView, VersionStatus } from '../api/types.ts';
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

/**
 * One line of the journal: what, to which version, by whom, when, and the reason if there is one.
 */
export function eventLine(event: EventView, subject?: string): TemplateResult {
  const said = [
    event.payload.status,
    event.payload.state,
    event.payload.phase,
    event.payload.verdict,
    event.payload.decision,
  ].find((value) => typeof value === 'string') as string | undefined;
  const aborted = endedByPerson(String(event.payload.reasonCode ?? ''));
  const tone: Tone = aborted
    ? 'calm'
    : said && BAD.has(said)
      ? 'bad'
      : said && GOOD.has(said)
        ? 'good'
        : 'calm';
  const icon: IconName =
    tone === 'bad' ? 'cross' : tone === 'good' ? 'check' : (ICONS[event.topic] ?? 'dot');
  const sentence = t().activity.sentence(event, (key) =>
    aborted && (key === 'ProdFailed' || key === 'StagingFailed')
      ? t().aborted
      : (t().status[key as VersionStatus] ?? key),
  );
  const reason = event.payload.reason ?? event.payload.comment;
  const name =
    subject &&
    (event.modelId && event.versionId
      ? html`<a href=${hrefs.version(event.modelId, event.versionId)}>${subject}</a>`
      : event.modelId
        ? html`<a href=${hrefs.model(event.modelId)}>${subject}</a>`
        : html`<b>${subject}</b>`);
  const words = html`${name ? html`${name} ` : nothing}${name ? sentence : sentence.charAt(0).toUpperCase() + sentence.slice(1)}`;
  return html`<li class="event">
    <span class="badge ${tone}"><cf-icon name=${icon}></cf-icon></span>
    <div>
      <p>${words}</p>
      ${typeof reason === 'string' && reason ? html`<p class="muted small">${reason}</p>` : nothing}
    </div>
    <span class="at"
      >${event.actor ? `${event.actor}, ` : nothing}<cf-time at=${event.at}></cf-time
    ></span>
  </li>`;
}
