import { css, html, type TemplateResult } from 'lit';
import type { VersionStatus } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import type { IconName } from '../components/cf-icon.ts';
import { endedByPerson, needsReview, type Standing, type Tone } from './status-reason.ts';
import '../components/cf-icon.ts';

const TONES: Record<VersionStatus, [Tone, IconName]> = {
  Validating: ['busy', 'spin'],
  Validated: ['wait', 'person'],
  ValidationFailed: ['bad', 'cross'],
  PendingStagingDeployment: ['busy', 'spin'],
  Staging: ['good', 'check'],
  StagingFailed: ['bad', 'cross'],
  PendingProdDeployment: ['busy', 'spin'],
  Live: ['good', 'check'],
  ProdFailed: ['bad', 'cross'],
  Superseded: ['calm', 'ring'],
  Archived: ['calm', 'ring'],
};

/** What a version's status is called, and how it looks. */
export function standingOf(version: Standing): { tone: Tone; icon: IconName; word: string } {
  const [tone, icon] = TONES[version.status];
  if (needsReview(version)) return { tone: 'wait', icon: 'person', word: t().needsReview };
  if (
    ['ProdFailed', 'StagingFailed'].includes(version.status) &&
    endedByPerson(version.statusReasonCode)
  )
    return { tone: 'calm', icon: 'ring', word: t().aborted };
  return { tone, icon, word: t().status[version.status] };
}

export const chips = css`
  .chip {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    padding: 2px 9px 2px 6px;
    border-radius: 99px;
    background: var(--cf-sunken);
    color: var(--cf-muted);
    font-size: var(--cf-text-s);
    font-weight: 560;
    line-height: 20px;
    white-space: nowrap;
  }
  .chip.plain {
    padding-left: 9px;
  }
  .chip.good {
    background: var(--cf-good-soft);
    color: var(--cf-good);
  }
  .chip.busy {
    background: var(--cf-busy-soft);
    color: var(--cf-busy);
  }
  .chip.wait {
    background: var(--cf-wait-soft);
    color: var(--cf-wait);
  }
  .chip.bad {
    background: var(--cf-bad-soft);
    color: var(--cf-bad);
  }
`;

/**
 * A version's status: icon, word, and only then colour. What a second person may accept is not
 * blocked.
 */
export function statusChip(version: Standing): TemplateResult {
  const { tone, icon, word } = standingOf(version);
  return html`<span class="chip ${tone}"><cf-icon name=${icon}></cf-icon>${word}</span>`;
}
