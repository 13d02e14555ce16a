import { LitElement, css, html, svg, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';

/** Drawn on 20 × 20, stroked with the colour of the words around. */
const ICONS = {
  check: svg`<path d="m4.5 10.5 3.5 3.5 7.5-8"/>`,
  cross: svg`<path d="m5.5 5.5 9 9m0-9-9 9"/>`,
  dot: svg`<circle cx="10" cy="10" r="2.5" fill="currentColor" stroke="none"/>`,
  ring: svg`<circle cx="10" cy="10" r="4"/>`,
  person: svg`<circle cx="10" cy="6.5" r="3"/><path d="M4 17c.6-3.4 3-5 6-5s5.400 1.600 6 5"/>`,
  spin: svg`<path d="M10 3a7 7 0 1 1-7 7"/>`,
  search: svg`<circle cx="9" cy="9" r="5.500"/><path d="m13.200 13.200 3.800 3.800"/>`,
  upload: svg`<path d="M10 13.500V3.500m-4 4 4-4 4 4M3.500 13v2a1.500 1.500 0 0 0 1.500 1.500h10a1.500 1.500 0 0 0 1.500-1.500v-2"/>`,
  download: svg`<path d="M10 3.500v10m-4-4 4 4 4-4M3.500 14v1a1.500 1.500 0 0 0 1.500 1.500h10a1.500 1.500 0 0 0 1.500-1.500v-1"/>`,
  models: svg`<path d="m10 2.500 6.500 3.750v7.500L10 17.500l-6.500-3.750v-7.500zM3.500 6.250 10 10l6.500-3.750M10 10v7.500"/>`,
  endpoints: svg`<circle cx="5" cy="10" r="2.200"/><circle cx="15" cy="5" r="2.200"/><circle cx="15" cy="15" r="2.200"/><path d="m7 9 6-3M7 11l6 3"/>`,
  activity: svg`<path d="M2.500 10h3.500l2.500-6 3.500 12 2.500-6h3"/>`,
  file: svg`<path d="M5 2.500h6.500l4 4v10a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-13a1 1 0 0 1 1-1zM11.500 2.500v4h4"/>`,
  copy: svg`<rect x="7" y="7" width="9.500" height="9.500" rx="1.500"/><path d="M13 7V5a1.500 1.500 0 0 0-1.500-1.500H5A1.500 1.500 0 0 0 3.500 5v6.500A1.500 1.500 0 0 0 5 13h2"/>`,
  chevron: svg`<path d="m7.500 4.500 5.500 5.500-5.500 5.500"/>`,
  down: svg`<path d="m4.500 7.500 5.500 5.500 5.500-5.500"/>`,
  warn: svg`<path d="M10 3 2.500 16.500h15zM10 8v4m0 2.300v.2"/>`,
  info: svg`<circle cx="10" cy="10" r="7"/><path d="M10 9.500v4m0-7v.2"/>`,
  offline: svg`<path d="M2.500 7.500A11 11 0 0 1 8 4.700m9.500 2.800A11 11 0 0 0 12 4.600M5.500 11a7 7 0 0 1 3-1.800m6 1.800a7 7 0 0 0-2-1.400M10 15.300v.2M3.500 3.500l13 13"/>`,
  pause: svg`<path d="M7 4.500v11m6-11v11"/>`,
  play: svg`<path d="M6.500 4v12l9-6z"/>`,
  bin: svg`<path d="M3.500 5.500h13M8 5.500v-2h4v2m-6.500 0 .7 11h7.600l.7-11"/>`,
  back: svg`<path d="M16.500 10h-13m5-5-5 5 5 5"/>`,
  undo: svg`<path d="M4 8h8a4.250 4.250 0 0 1 0 8.500H8M7.500 4.500 4 8l3.500 3.500"/>`,
  keyboard: svg`<rect x="2" y="5" width="16" height="10.500" rx="1.500"/><path d="M5 8.500h.1m3.200 0h.1m3.200 0h.1m3.200 0h.1M6.500 12h7"/>`,
  plus: svg`<path d="M10 4v12M4 10h12"/>`,
  eye: svg`<path d="M2 10s3-5.500 8-5.500 8 5.500 8 5.500-3 5.500-8 5.500S2 10 2 10z"/><circle cx="10" cy="10" r="2.300"/>`,
  shield: svg`<path d="M10 2.500 4 4.700v5c0 3.800 2.600 6.500 6 7.800 3.400-1.300 6-4 6-7.800v-5z"/>`,
} as const;
export type IconName = keyof typeof ICONS;

@customElement('cf-icon')
export class CfIcon extends LitElement {
  @property() name: IconName = 'dot';

  static override styles = css`
    :host {
      display: inline-flex;
      width: 1.25em;
      height: 1.25em;
      flex: none;
    }
    svg {
      width: 100%;
      height: 100%;
      fill: none;
      stroke: currentColor;
      stroke-width: 1.6;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
    .spin {
      animation: turn 1s linear infinite;
    }
    @keyframes turn {
      to {
        transform: rotate(360deg);
      }
    }
    @media (prefers-reduced-motion: reduce) {
      .spin {
        animation: none;
      }
    }
  `;

  override render(): TemplateResult {
    return html`<svg viewBox="0 0 20 20" aria-hidden="true" class=${this.name}>
      ${ICONS[this.name]}
    </svg>`;
  }
}
