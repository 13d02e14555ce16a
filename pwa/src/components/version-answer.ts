import { html, nothing, type TemplateResult } from 'lit';
import type { AllowedAction, RoadStop, VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { hrefs } from '../shell/router.ts';
import { actionName, availableActions } from '../view-model/action-words.ts';
import { ACTION_VIEWS } from '../view-model/actions.ts';
import { answerTo, secondPerson } from '../view-model/remedy-action.ts';
import { needsReview } from '../view-model/status-reason.ts';
import { tabOf, type Tab } from '../view-model/version-tabs.ts';
import './cf-icon.ts';

/** What the buttons do: show what is known, or ask for an action. */
interface Answers {
  show: (tab: Tab) => void;
  ask: (action: AllowedAction) => void;
}

/** The one sentence about where a version stands, and the button that answers it. */
export function versionAnswer(
  detail: VersionDetail,
  answers: Answers,
): TemplateResult | typeof nothing {
  const failed = detail.road.find((stop) => stop.state === 'failed' || stop.state === 'aborted');
  if (failed) return failedAnswer(detail, failed, answers);
  const waiting = detail.road.find((stop) => stop.state === 'waiting');
  if (waiting) return waitingAnswer(detail, waiting, answers);
  return endpointAnswer(detail);
}

function failedAnswer(
  detail: VersionDetail,
  failed: RoadStop,
  { show, ask }: Answers,
): TemplateResult {
  const tab = tabOf(failed, detail);
  const answer = answerTo(failed, detail, allowed(detail));
  const calm = failed.state === 'aborted' || needsReview(detail);
  const second = needsReview(detail) ? secondPerson(detail) : undefined;
  return html`<div class="notice ${calm ? 'wait' : 'bad'}" id="answer">
    <cf-icon name=${calm ? 'person' : 'warn'}></cf-icon>
    <div>${reasonOf(detail, failed)}${second ? html`<p>${second}</p>` : nothing}</div>
    <div class="answers">
      <button type="button" class="button small" @click=${() => show(tab)}>
        ${t().version[tab]}</button
      >${answerButton(detail, answer, ask)}
    </div>
  </div>`;
}

function waitingAnswer(detail: VersionDetail, waiting: RoadStop, { ask }: Answers): TemplateResult {
  const mine = allowed(detail).find(({ name }) => ACTION_VIEWS[name].awaitedAt === waiting.key);
  const text =
    waiting.reason ??
    (mine ? t().actions.allow : `${t().road.stops[waiting.key]}: ${t().road.states.waiting}.`);
  return html`<div class="notice wait" id="answer">
    <cf-icon name="person"></cf-icon>
    <div>${text}</div>
    <div class="answers">${answerButton(detail, mine, ask)}</div>
  </div>`;
}

function endpointAnswer(detail: VersionDetail): TemplateResult | typeof nothing {
  // a live version is in staging too; what is said of it is where it stands now
  const kind =
    detail.status === 'Live' ? 'production' : detail.status === 'Staging' ? 'staging' : undefined;
  const endpoint = detail.endpoints.find(
    (one) =>
      one.environmentKind === kind &&
      one.isAvailable &&
      (one.versionId === detail.id || one.versionId == null),
  );
  return endpoint
    ? html`<div class="notice good" id="answer">
        <cf-icon name="check"></cf-icon>
        <div class="url"><code>${endpoint.url}</code></div>
        <div class="answers">
          <a class="button small" href=${hrefs.endpoint(endpoint.id)}
            >${t().version.openEndpoint}</a
          >
        </div>
      </div>`
    : nothing;
}

const allowed = (detail: VersionDetail): AllowedAction[] =>
  availableActions(detail).filter((action) => action.allowed);

const reasonOf = (detail: VersionDetail, stop: RoadStop): string =>
  stop.reason ??
  detail.statusReason ??
  detail.buildReason ??
  `${t().road.stops[stop.key]}: ${t().road.states.failed}.`;

function answerButton(
  detail: VersionDetail,
  action: AllowedAction | undefined,
  ask: Answers['ask'],
): TemplateResult | typeof nothing {
  return action
    ? html`<button type="button" class="button small primary" @click=${() => ask(action)}>
        ${actionName(detail, action)}
      </button>`
    : nothing;
}
