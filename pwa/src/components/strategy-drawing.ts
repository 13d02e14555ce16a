import { css, svg, html, type TemplateResult } from 'lit';
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
  .drawing .test {
    fill: none;
    stroke: var(--cf-busy);
    stroke-width: 1.6;
    stroke-dasharray: 2.500 3;
  }
  .drawing .kept {
    opacity: 0.5;
  }
`;

const pods = (x: number, y: number, kinds: string[]): TemplateResult => svg`${kinds.map((kind, i) => svg`<rect class=${kind} x=${x + i * 13} y=${y} width="10" height="14" rx="3"/>`)}` as unknown as TemplateResult;

/** Each step of a strategy as a small picture: grey pods are the live version, coloured ones the new; green is traffic. */
export function drawing(strategy: Strategy): TemplateResult {
  const body =
    strategy === 'blue-green'
      ? svg`
        <g>${pods(12, 8, ['old', 'old', 'old'])}${pods(12, 36, ['new', 'new', 'new'])}<path class="traffic" d="M2 15h6"/></g>
        <g transform="translate(66)">${pods(12, 8, ['old', 'old', 'old'])}${pods(12, 36, ['new', 'new', 'new'])}<path class="traffic" d="M2 15h6"/><path class="test" d="M0 43h10"/></g>
        <g transform="translate(132)">${pods(12, 8, ['old', 'old', 'old'])}${pods(12, 36, ['new', 'new', 'new'])}<path class="traffic" d="M2 15c5 0 0 28 6 28"/></g>
        <g transform="translate(198)"><g class="kept">${pods(12, 8, ['old', 'old', 'old'])}</g>${pods(12, 36, ['new', 'new', 'new'])}<path class="traffic" d="M2 43h6"/></g>`
      : svg`
        ${[['new', 'old', 'old'], ['new', 'new', 'old'], ['new', 'new', 'new']].map((kinds, i) => svg`<g transform="translate(${i * 88 + 8})">${pods(12, 22, kinds)}<path class="traffic" d="M0 29h7"/></g>`)}`;
  return html`<svg class="drawing" viewBox="0 0 256 58" aria-hidden="true">${body}</svg>`;
}
