import { css, html, nothing, svg, type TemplateResult } from 'lit';
import type { Strategy } from '../api/types.ts';

export const drawings = css`
  .drawing {
    display: block;
    width: 100%;
    height: auto;
  }
  .drawing .old {
    fill: var(--cf-line);
  }
  .drawing .new {
    fill: var(--cf-accent);
  }
  .drawing .frame {
    fill: none;
    stroke: var(--cf-line-strong);
    stroke-width: 1.2;
  }
  .drawing .traffic {
    fill: none;
    stroke: var(--cf-good);
    stroke-width: 2.5;
    stroke-linecap: round;
  }
  .drawing .thin {
    stroke-width: 1;
  }
  .drawing .half {
    stroke-width: 1.8;
  }
  .drawing .test {
    fill: none;
    stroke: var(--cf-busy);
    stroke-width: 1.6;
    stroke-dasharray: 2.5 3;
  }
  .drawing .kept {
    opacity: 0.5;
  }
`;

const pods = (x: number, y: number, kinds: string[]): TemplateResult =>
  svg`${kinds.map((kind, i) => svg`<rect class=${kind} x=${x + i * 13} y=${y} width="10" height="14" rx="3"/>`)}` as unknown as TemplateResult;

const three = (kind: string): string[] => [kind, kind, kind];
const both = (x: number, paths: TemplateResult): TemplateResult =>
  svg`<g transform="translate(${x})">${pods(12, 8, three('old'))}${pods(12, 36, three('new'))}${paths}</g>` as unknown as TemplateResult;
const toOld = (kind = ''): TemplateResult =>
  svg`<path class="traffic ${kind}" d="M2 15h6"/>` as unknown as TemplateResult;
const toNew = (kind = ''): TemplateResult =>
  svg`<path class="traffic ${kind}" d="M2 15c5 0 0 28 6 28"/>` as unknown as TemplateResult;

const BODIES: Record<Strategy, () => unknown> = {
  'blue-green': () => [
    both(0, toOld()),
    both(66, svg`${toOld()}<path class="test" d="M0 43h10"/>` as unknown as TemplateResult),
    both(132, toNew()),
    svg`<g transform="translate(198)"><g class="kept">${pods(12, 8, three('old'))}</g>${pods(12, 36, three('new'))}<path class="traffic" d="M2 43h6"/></g>`,
  ],
  // the line to the new version grows as its share does
  canary: () => [
    both(0, svg`${toOld()}<path class="test" d="M0 43h10"/>` as unknown as TemplateResult),
    both(66, svg`${toOld()}${toNew('thin')}` as unknown as TemplateResult),
    both(132, svg`${toOld('half')}${toNew('half')}` as unknown as TemplateResult),
    svg`<g transform="translate(198)"><g class="kept">${pods(12, 8, three('old'))}</g>${pods(12, 36, three('new'))}<path class="traffic" d="M2 43h6"/></g>`,
  ],
  // nobody answers in the middle
  recreate: () =>
    [
      ['old', 'traffic'],
      ['frame', ''],
      ['new', 'traffic'],
    ].map(
      ([kind = '', way], i) =>
        svg`<g transform="translate(${i * 88 + 8})">${pods(12, 22, three(kind))}${way ? svg`<path class=${way} d="M0 29h7"/>` : nothing}</g>`,
    ),
  rolling: () =>
    [['new', 'old', 'old'], ['new', 'new', 'old'], three('new')].map(
      (kinds, i) =>
        svg`<g transform="translate(${i * 88 + 8})">${pods(12, 22, kinds)}<path class="traffic" d="M0 29h7"/></g>`,
    ),
};

/**
 * Each step of a strategy as a small picture: grey pods are the live version, coloured ones the
 * new; green is traffic.
 */
export function drawing(strategy: Strategy): TemplateResult {
  return html`<svg class="drawing" viewBox="0 0 256 58" aria-hidden="true">
    ${BODIES[strategy]()}
  </svg>`;
}
