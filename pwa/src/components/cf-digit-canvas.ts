import { css, html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { t } from '../i18n/language.ts';
import { CfElement } from '../shell/element.ts';
import { base } from '../styles/shared.ts';

const SIDE = 8;
const FULL = 16;
/** how much a stroke leaves in the cell under it and in those beside it, of FULL */
const REACH = 1.1;

/**
 * Draws a digit on 8 × 8 cells of 0…16, with a finger, a mouse or the keyboard. Fires `change` with
 * 64 numbers.
 */
@customElement('cf-digit-canvas')
export class CfDigitCanvas extends CfElement {
  @property({ attribute: false }) pixels: number[] = new Array<number>(SIDE * SIDE).fill(0);
  @query('canvas') private canvas!: HTMLCanvasElement;
  #at: [number, number] = [3, 3];
  #last: [number, number] | undefined;
  #shown = false;

  static override styles = [
    base,
    css`
      canvas {
        display: block;
        width: min(280px, 100%);
        aspect-ratio: 1;
        border: 1px solid var(--cf-line-strong);
        border-radius: var(--cf-radius);
        background: #ffffff;
        cursor: crosshair;
        touch-action: none;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<canvas
        width="320"
        height="320"
        role="application"
        tabindex="0"
        aria-label="${t().endpoint.canvas}. ${t().endpoint.drawLead}"
        @pointerdown=${this.#down}
        @pointermove=${this.#move}
        @pointerup=${this.#up}
        @pointercancel=${this.#up}
        @keydown=${this.#key}
        @focus=${() => this.#cursor(true)}
        @blur=${() => this.#cursor(false)}
      ></canvas>
      <span class="visually-hidden" role="status" id="cell"></span>`;
  }

  override updated(): void {
    this.#paint();
  }

  #paint(): void {
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const cell = this.canvas.width / SIDE;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.pixels.forEach((value, index) => {
      const shade = Math.round(255 - (value / FULL) * 232);
      context.fillStyle = `rgb(${shade} ${shade} ${shade})`;
      context.fillRect((index % SIDE) * cell, Math.floor(index / SIDE) * cell, cell, cell);
    });
    context.strokeStyle = 'rgb(0 0 0 / 0.06)';
    for (let i = 1; i < SIDE; i++) {
      context.strokeRect(i * cell, -1, 0, this.canvas.height + 2);
      context.strokeRect(-1, i * cell, this.canvas.width + 2, 0);
    }
    if (this.#shown) {
      context.strokeStyle = '#3f46c8';
      context.lineWidth = 4;
      context.strokeRect(this.#at[0] * cell + 2, this.#at[1] * cell + 2, cell - 4, cell - 4);
      context.lineWidth = 1;
    }
  }

  #point(event: PointerEvent): [number, number] {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * SIDE,
      ((event.clientY - box.top) / box.height) * SIDE,
    ];
  }

  #down(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    this.#last = this.#point(event);
    this.#stroke(this.#last, this.#last);
  }

  #move(event: PointerEvent): void {
    if (!this.#last) return;
    const to = this.#point(event);
    this.#stroke(this.#last, to);
    this.#last = to;
  }

  #up(): void {
    this.#last = undefined;
  }

  /**
   * Ink falls off with the distance from the line, as it does where the pictures of the data set
   * were made smaller.
   */
  #stroke(from: [number, number], to: [number, number]): void {
    this.#change(
      this.pixels.map((value, index) => {
        const distance = distanceTo(
          [(index % SIDE) + 0.5, Math.floor(index / SIDE) + 0.5],
          from,
          to,
        );
        return Math.max(
          value,
          Math.round(FULL * Math.max(0, Math.min(1, (REACH - distance) * 1.7))),
        );
      }),
    );
  }

  #key(event: KeyboardEvent): void {
    const step = (
      { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as Record<
        string,
        [number, number]
      >
    )[event.key];
    if (!step && event.key !== ' ') return;
    event.preventDefault();
    const [x, y] = this.#at;
    if (step)
      this.#at = [
        Math.max(0, Math.min(SIDE - 1, x + step[0])),
        Math.max(0, Math.min(SIDE - 1, y + step[1])),
      ];
    else
      this.#change(
        this.pixels.map((value, index) => (index === y * SIDE + x ? (value ? 0 : FULL) : value)),
      );
    const said = this.renderRoot.querySelector('#cell');
    if (said) said.textContent = t().endpoint.cell(this.#at[1] + 1, this.#at[0] + 1);
    this.#paint();
  }

  #cursor(shown: boolean): void {
    this.#shown = shown && this.canvas.matches(':focus-visible');
    this.#paint();
  }

  #change(pixels: number[]): void {
    this.pixels = pixels;
    this.dispatchEvent(new CustomEvent('change', { detail: pixels }));
  }
}

function distanceTo(
  [px, py]: [number, number],
  [ax, ay]: [number, number],
  [bx, by]: [number, number],
): number {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const along =
    length === 0
      ? 0
      : Math.max(0, Math.min(1, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length));
  return Math.hypot(px - ax - along * (bx - ax), py - ay - along * (by - ay));
}
