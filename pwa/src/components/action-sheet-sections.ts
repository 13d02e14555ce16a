import { html, nothing, type TemplateResult } from 'lit';
import type { Strategy, VersionDetail } from '../api/types.ts';
import { t } from '../i18n/language.ts';
import { sceneOf, type Decision } from '../view-model/actions.ts';
import { comparison, type Compared } from '../view-model/comparison.ts';
import { sentence, stepWords } from '../view-model/step-words.ts';
import { offeredStrategies } from '../view-model/strategy-choice.ts';
import { where } from './cf-findings.ts';
import { drawing } from './strategy-diagram.ts';
import './cf-capacity-check.ts';
import './cf-icon.ts';

/** What it is for and which files it is made of, as the uploader says. */
export function aboutSection({ description, artifacts }: VersionDetail): TemplateResult {
  return html`<section class="about">
    ${description ? html`<p>${description}</p>` : nothing}
    <details>
      <summary class="muted small">${t().version.files} (${artifacts.length})</summary>
      <ul class="small">
        ${artifacts.map((file) => html`<li><b>${file.filename}</b> <code title=${file.digest}>${file.digest.slice(0, 19)}</code></li>`)}
      </ul>
    </details>
  </section>`;
}

/** What changes against what runs now; what stays the same is folded away. */
export function comparisonSection(
  detail: VersionDetail,
  live: VersionDetail | undefined,
): TemplateResult {
  const words = t().actions;
  const rows = comparison(detail, live);
  const same = rows.filter((row, index) => row.same && index > 0);
  return html`<section aria-labelledby="compare">
    <h3 id="compare">${live ? words.compare : words.nothingLive}</h3>
    <table>
      ${
        live
          ? html`<thead>
              <tr>
                <td></td>
                <th scope="col">${words.now}</th>
                <th scope="col">${words.then}</th>
              </tr>
            </thead>`
          : nothing
      }
      <tbody>
        ${rows.filter((row) => !row.same || row === rows[0]).map((row) => tableRow(row, live))}
      </tbody>
    </table>
    ${
      same.length
        ? html`<details>
            <summary class="muted small">${words.sameCount(same.length)}</summary>
            <table>
              <tbody>
                ${same.map((row) => tableRow(row, live))}
              </tbody>
            </table>
          </details>`
        : nothing
    }
  </section>`;
}

function tableRow(row: Compared, live: VersionDetail | undefined): TemplateResult {
  return html`<tr class=${row.same ? 'same' : ''}>
    <th scope="row">${row.name}</th>
    ${live ? html`<td class="num ${row.code ? 'mono' : ''}">${row.now}</td>` : nothing}
    <td class="num ${row.code ? 'mono' : ''}">${row.then}</td>
  </tr>`;
}

/** The first findings of the newest scan. */
export function findingsSection({ findings: noted }: VersionDetail): TemplateResult {
  const words = t().findings;
  return html`<section>
    <h3>${t().actions.findingsTitle}</h3>
    ${
      noted.length
        ? html`<ul class="findings">
            ${noted.slice(0, 6).map(
              (one) =>
                html`<li>
                  <span
                    class="chip plain ${one.verdict === 'block' ? 'bad' : one.verdict === 'review' ? 'wait' : ''}"
                    >${words.severity[one.severity]}</span
                  ><span>${one.why} <span class="muted small">${where(one)}</span></span>
                </li>`,
            )}
          </ul>`
        : html`<p class="clean"><cf-icon name="check"></cf-icon>${t().actions.clean}</p>`
    }
  </section>`;
}

/** The strategies that the environment allows; of the chosen one its steps, and whether it fits. */
export function strategySection(
  { detail, live, action, strategy: chosen }: Decision,
  choose: (strategy: Strategy) => void,
): TemplateResult {
  const words = t().strategy;
  const offered = offeredStrategies(action);
  return html`<fieldset>
    <legend><h3>${t().actions.strategyTitle}</h3></legend>
    ${offered.map((strategy) => {
      // where nothing serves yet there is nobody to try it beside: it is started, asked and
      // opened
      const own = live ? action.steps : undefined;
      const steps =
        strategy === 'canary' && own
          ? own.map((step) => sentence(stepWords(step, sceneOf(detail))))
          : strategy === 'rolling'
            ? words.rollingSteps
            : strategy === 'recreate' && live
              ? words.recreateSteps
              : words.blueGreenSteps;
      const lead = {
        'blue-green': words.blueGreenLead,
        rolling: words.rollingLead,
        canary: words.canaryLead,
        recreate: words.recreateLead,
      }[strategy];
      return html`<label class="choice ${strategy === chosen ? 'chosen' : ''}">
        <input
          type="radio"
          name="strategy"
          value=${strategy}
          .checked=${strategy === chosen}
          @change=${() => choose(strategy)}
        />
        <span
          ><b>${words[strategy]}</b><span class="muted small lead">${lead}</span>
          ${strategy === chosen ? html`${drawing(strategy)}<span class="steps small">${steps.map((step, i) => html`<span><i class="num">${i + 1}</i>${step}</span>`)}</span><cf-capacity-check class="small" .detail=${detail} strategy=${strategy}></cf-capacity-check>` : nothing}
        </span>
      </label>`;
    })}
  </fieldset>`;
}
