import { css, html, svg, type nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { EndpointTraffic } from '../api/types.ts';
import * as api from '../api/mlops.ts';
import { clock, duration, number, percent } from '../i18n/format.ts';
import { t } from '../i18n/language.ts';
import { Resource } from '../live/resource.ts';
import { CfElement } from '../shell/element.ts';
import { base } from '../styles/shared.ts';
import { trouble } from './error-notice.ts';

const AGAIN_MS = 60_000;
type Minute = EndpointTraffic['minutes'][number];
/** `all`: the same over the whole hour, where that means something. */
interface Chart {
  kind: 'requests' | 'errors' | 'p95';
  name: string;
  all: string;
  valueOf: (one: Minute) => number | null;
  shown: (value: number) => string;
}

/** What an endpoint answered in the last hour, a minute a point, and which versions did. */
@customElement('cf-traffic')
export class CfTraffic extends CfElement {
  @property({ type: Number }) endpointId = 0;
  #traffic = new Resource<EndpointTraffic>(this, {
    load: (signal) => api.traffic(this.endpointId, signal),
  });
  #timer: ReturnType<typeof setInterval> | undefined;

  static override styles = [
    base,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr));
        gap: var(--cf-4) var(--cf-5);
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        justify-content: space-between;
        gap: 0 var(--cf-3);
        font-size: 14px;
      }
      b {
        font-weight: 600;
      }
      svg {
        display: block;
        width: 100%;
        height: 56px;
        overflow: visible;
      }
      line,
      polyline {
        fill: none;
        stroke: var(--cf-accent);
        stroke-width: 2;
        vector-effect: non-scaling-stroke;
        stroke-linecap: round;
      }
      .errors line,
      .errors polyline {
        stroke: var(--cf-bad);
      }
      line.floor {
        stroke: var(--cf-line);
        stroke-width: 1;
      }
      .ends {
        display: flex;
        justify-content: space-between;
        font-size: var(--cf-text-xs);
        color: var(--cf-muted);
      }
      .versions {
        margin-top: var(--cf-4);
        font-size: 14px;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => void this.#traffic.reload(), AGAIN_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override willUpdate(): void {
    this.#traffic.keyed(this.endpointId);
  }

  override render(): TemplateResult | typeof nothing {
    const words = t().endpoint.traffic;
    const { value, error } = this.#traffic;
    if (!value)
      return error
        ? trouble(error, () => void this.#traffic.reload())
        : html`<p class="muted" role="status">${t().app.loading}</p>`;
    const { isCounted, since, minutes, versions } = value;
    if (!isCounted) return html`<p class="muted">${words.notCounted}</p>`;
    if (!since || !minutes.length)
      return html`<p class="muted">${since ? words.soon(clock(since)) : words.unread}</p>`;
    const [requests, errors] = (['requests', 'errors'] as const).map((name) =>
      minutes.reduce((sum, one) => sum + one[name], 0),
    ) as [number, number];
    if (!requests) return html`<p class="muted">${words.none(clock(since))}</p>`;
    const answered = versions
      .map((one) => words.version(one.version, number(one.requests)))
      .join(', ');
    const charts: Chart[] = [
      {
        kind: 'requests',
        name: words.requests,
        all: number(requests),
        valueOf: (one) => (60 * one.requests) / one.seconds,
        shown: (most) => words.aMinute(number(most)),
      },
      {
        kind: 'errors',
        name: words.errors,
        all: percent(errors / requests),
        valueOf: (one) => (one.requests ? one.errors / one.requests : null),
        shown: percent,
      },
      { kind: 'p95', name: words.p95, all: '', valueOf: (one) => one.p95Ms, shown: duration },
    ];
    return html`<ul>
        ${charts.map((chart) => this.#chart(chart, minutes))}
      </ul>
      <p class="versions"><span class="muted">${words.answeredBy}</span> ${answered}</p>`;
  }

  /** Where nothing was counted, the line has a gap. */
  #chart({ kind, name, all, valueOf, shown }: Chart, minutes: Minute[]): TemplateResult {
    const words = t().endpoint.traffic;
    const values = minutes.map(valueOf);
    const most = Math.max(...values.map((value) => value ?? 0));
    const last = values.findLast((value) => value !== null) ?? 0;
    const [from, to] = [
      clock(Date.parse(minutes[0]!.at) - 1000 * minutes[0]!.seconds),
      clock(minutes.at(-1)!.at),
    ];
    return html`<li class=${kind} data-chart=${kind}>
      <div
        role="img"
        aria-label=${words.told({ name, all, most: shown(most), last: shown(last), from, to })}
      >
        <p class="head">
          <b>${name}</b
          ><span class="num muted">${all ? `${all}, ` : ''}${words.most(shown(most))}</span>
        </p>
        <svg viewBox="0 0 100 52" preserveAspectRatio="none" aria-hidden="true">
          <line class="floor" x1="0" x2="100" y1="50" y2="50" />
          ${pieces(values, most).map((points) => svg`<polyline points=${points}/>`)}
        </svg>
        <p class="ends num"><span>${from}</span><span>${to}</span></p>
      </div>
    </li>`;
  }
}

/** Lines through the values that are there; one alone is a short line. */
function pieces(values: (number | null)[], most: number): string[] {
  const x = (index: number): number =>
    values.length > 1 ? (100 * index) / (values.length - 1) : 50;
  const runs: string[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) runs.push([]);
    else
      runs.at(-1)!.push(`${x(index).toFixed(2)},${(50 - (46 * value) / (most || 1)).toFixed(2)}`);
  });
  return runs
    .filter((run) => run.length)
    .map((run) =>
      (run.length > 1
        ? run
        : [run[0]!, run[0]!.replace(/^[\d.]+/, (at) => `${Number(at) + 0.5}`)]
      ).join(' '),
    );
}
