import { html, nothing, type TemplateResult } from 'lit';
import { Offline } from '../api/problem.ts';
import { percent } from '../i18n/format.ts';
import { t } from '../i18n/language.ts';
import type { Item } from '../upload/item.ts';
import type { UploadStore } from '../upload/store.ts';
import { trouble } from './error-notice.ts';
import './cf-icon.ts';
import './cf-upload-item.ts';

export function uploadFiles(items: Item[]): TemplateResult {
  return html`<ul class="card items" aria-label=${t().upload.files}>
    ${items.map((item) => html`<li><cf-upload-item .item=${item} .sent=${item.sent} .state=${item.state} .digest=${item.digest} .share=${item.digestShare} .rate=${item.rate} .kind=${item.kind}></cf-upload-item></li>`)}
  </ul>`;
}

/** What went wrong, and the buttons that send, pause and go on. */
export function uploadFoot(upload: UploadStore): TemplateResult {
  const words = t().upload;
  const { items, complete, sending, busy, error } = upload;
  const moving = items.some((item) => item.state === 'sending' || item.state === 'waiting');
  const paused = !moving && !sending && items.some((item) => item.state === 'paused');
  return html`<div class="foot">
    ${
      error instanceof Offline
        ? html`<div class="notice bad" role="alert">
            <cf-icon name="offline"></cf-icon>
            <div>${t().line.offlineAction}</div>
          </div>`
        : trouble(error)
    }
    <div class="buttons">
      <button class="button primary go" aria-disabled=${busy}>
        ${busy ? html`<cf-icon name="spin"></cf-icon>` : html`<cf-icon name="upload"></cf-icon>`}${goLabel(upload)}
      </button>
      ${moving ? html`<button type="button" class="button" @click=${() => upload.pauseAll()}><cf-icon name="pause"></cf-icon>${words.pauseAll}</button>` : nothing}
      ${paused ? html`<button type="button" class="button" @click=${() => upload.start()}><cf-icon name="play"></cf-icon>${words.resumeAll}</button>` : nothing}
      <span class="visually-hidden" role="status">${complete ? words.states.done : ''}</span>
    </div>
  </div>`;
}

function goLabel({ registering, busy, complete, sent, size }: UploadStore): string {
  const words = t().upload;
  if (registering) return words.registering;
  if (busy) return words.running(percent(size ? sent / size : 0));
  return complete ? words.register : words.start;
}

/** What the scan looks at, and what happens next. */
export function uploadAside(): TemplateResult {
  const words = t().upload;
  return html`<aside>
    <section>
      <h2><cf-icon name="shield"></cf-icon>${words.scanTitle}</h2>
      <ul class="scan">
        ${words.scan.map((one) => html`<li>${one}</li>`)}
      </ul>
    </section>
    <section>
      <h2><cf-icon name="activity"></cf-icon>${words.nextTitle}</h2>
      <ol class="next">
        ${words.next.map((one, i) => html`<li><span class="num" aria-hidden="true">${i + 1}</span>${one}</li>`)}
      </ol>
    </section>
  </aside>`;
}
