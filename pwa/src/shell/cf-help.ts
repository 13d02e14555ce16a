import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { t } from '../i18n/language.ts';
import { base } from '../styles/shared.ts';
import { CfElement } from './element.ts';
import '../components/cf-sheet.ts';

@customElement('cf-help')
export class CfHelp extends CfElement {
  static override styles = [
    base,
    css`
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: var(--cf-3) var(--cf-5);
        align-items: center;
      }
      kbd {
        display: inline-grid;
        place-items: center;
        min-width: 28px;
        height: 28px;
        padding: 0 8px;
        border: 1px solid var(--cf-line-strong);
        border-radius: var(--cf-radius-s);
        font: 550 var(--cf-text-s) var(--cf-font);
      }
    `,
  ];

  override render(): TemplateResult {
    const words = t().keys;
    const keys: [string[], string][] = [
      [['/'], words.search],
      [['u'], words.upload],
      [['g', 'm'], words.models],
      [['g', 'e'], words.endpoints],
      [['g', 'a'], words.activity],
      [['?'], words.help],
      [['Esc'], words.close],
    ];
    return html`<cf-sheet
      narrow
      bare
      heading=${words.title}
      @closed=${() => this.dispatchEvent(new Event('closed'))}
    >
      <dl>
        ${keys.map(
          ([all, what]) =>
            html`<dt>
                ${all.map((key, i) => html`${i ? html` <span class="muted small">${words.then}</span> ` : ''}<kbd>${key}</kbd>`)}
              </dt>
              <dd>${what}</dd>`,
        )}
      </dl>
    </cf-sheet>`;
  }
}
