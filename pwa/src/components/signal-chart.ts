import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { duration, number } from '../i18n/format.ts';
import { t } from '../i18n/language.ts';
import type { IconName } from './cf-icon.ts';
import {
  scaleOf,
  type Bar,
  type JudgedSignal,
  type Limit,
  type SignalName,
  type Standing,
  type TrendPoint,
} from '../view-model/analysis-rows.ts';
import './cf-icon.ts';

export interface Names {
  stable: string | undefined;
  canary: string;
}

const LOOKS: Record<Standing, [tone: string, icon: IconName]> = {
  within: ['good', 'check'],
  enough: ['good', 'check'],
  over: ['bad', 'cross'],
  below: ['bad', 'cross'],
  few: ['wait', 'ring'],
  early: ['', 'ring'],
  free: ['', 'dot'],
};
const percentOf = (part: number): string => `${Math.round(10_000 * part) / 100}%`;

/**
 * One judged signal: a bar for each version, and the limit at its place with its value. A sentence
 * for whoever does not see it.
 */
export function signalChart(signal: JudgedSignal, names: Names): TemplateResult {
  const words = t().rollout;
  const scale = scaleOf(signal);
  const [tone, icon] = LOOKS[signal.standing];
  const own =
    signal.name === 'signal'
      ? { stable: words.before, canary: words.during }
      : { stable: names.stable ?? words.before, canary: names.canary };
  const sides = [
    [own.stable, signal.stable, scale.stable, 'old'],
    [own.canary, signal.canary, scale.canary, 'new'],
  ] as const;
  const there = sides.filter(([, value]) => value !== null);
  const limit = signal.limit && limitWords(signal.name, signal.limit);
  const told = [
    `${words.numbers[signal.name]}: ${there.map(([name, value]) => `${name} ${shown(signal.name, value!)}`).join(', ') || words.nothing}`,
    limit,
    words.standing[signal.standing],
  ];
  return html`<li class="signal" data-signal=${signal.name} data-standing=${signal.standing}>
    <div role="img" aria-label="${told.filter(Boolean).join('; ')}.">
      <p class="head">
        <span class="name">${words.numbers[signal.name]}</span
        ><span class="standing ${tone}"
          ><cf-icon name=${icon}></cf-icon>${words.standing[signal.standing]}</span
        >
      </p>
      <div class="chart ${there.length > 1 ? 'two' : 'one'}">
        ${there.map(([name, value]) => html`<span class="who">${name}</span><span class="num value">${shown(signal.name, value!)}</span>`)}
        <svg class="bars" aria-hidden="true">
          ${there.map(([, , bar, kind], row) => drawn(bar!, row, kind, tone === 'bad'))}
          ${scale.limit === null ? nothing : limitLine(scale.limit, there.length, limit ?? '')}
        </svg>
      </div>
    </div>
  </li>`;
}

const ROW = 20;
const BAR = 10;

function drawn(
  { length, cut }: Bar,
  row: number,
  kind: 'old' | 'new',
  bad: boolean,
): SVGTemplateResult {
  const y = row * ROW + (ROW - BAR) / 2;
  return svg`<rect class="ground" y=${y} width="100%" height=${BAR} rx="3"/><rect class="${kind} ${bad && kind === 'new' ? 'bad' : ''}" y=${y} width=${percentOf(length)} height=${BAR} rx="3"/>${
    cut
      ? // two slits at the end: the bar goes on, the chart does not
        [92, 95].map(
          (at) => svg`<line class="cut" x1="${at}%" x2="${at + 1}%" y1=${y + BAR} y2=${y}/>`,
        )
      : nothing
  }`;
}

/** The words stand on the side where there is room. */
function limitLine(at: number, rows: number, words: string): SVGTemplateResult {
  const end = rows * ROW;
  return svg`<line class="limit" x1=${percentOf(at)} x2=${percentOf(at)} y1="0" y2=${end + 5}/><text class="num" x=${percentOf(at)} y=${end + 15} dx=${at > 0.5 ? 4 : -1} text-anchor=${at > 0.5 ? 'end' : 'start'}>${words}</text>`;
}

/** "at most 1.05 % (+1 %)" */
function limitWords(name: SignalName, { value, least, rule }: Limit): string {
  const words = t().rollout;
  const how =
    name === 'errors'
      ? ` (+${shown('errors', rule)})`
      : name === 'p95'
        ? ` (×${number(rule, 2)})`
        : name === 'signal'
          ? ` (+${number(rule)})`
          : '';
  return (least ? words.atLeast : words.atMost)(shown(name, value)) + how;
}

function shown(name: SignalName, value: number): string {
  // one in two thousand is told apart from none
  if (name === 'errors' || name === 'agreement') return `${number(100 * value, 2)}\u00a0%`;
  return name === 'p95' ? duration(value) : number(value);
}

const HIGH = 64;
const EDGE = 6;

/** Errors or p95 over the judge steps: a line for each version, and the limits dashed. */
export function trendChart(
  name: 'errors' | 'p95',
  points: TrendPoint[],
  names: Names,
): TemplateResult | typeof nothing {
  if (!points.length) return nothing;
  const words = t().rollout;
  const most =
    Math.max(...points.flatMap((one) => [one.stable ?? 0, one.canary ?? 0, one.limit ?? 0])) || 1;
  const x = (index: number): string => percentOf(0.04 + (0.92 * index) / (points.length - 1));
  const y = (value: number): number => EDGE + (HIGH - 2 * EDGE) * (1 - value / most);
  const line = (kind: 'stable' | 'canary' | 'limit'): SVGTemplateResult[] =>
    points.slice(1).flatMap((point, index) => {
      const [from, to] = [points[index]![kind], point[kind]];
      return from === null || to === null
        ? []
        : [svg`<line class=${kind} x1=${x(index)} x2=${x(index + 1)} y1=${y(from)} y2=${y(to)}/>`];
    });
  const told = points.map(
    (one) =>
      `${words.step(one.step + 1)}: ${[
        [names.stable ?? words.before, one.stable],
        [names.canary, one.canary],
      ]
        .flatMap(([who, value]) =>
          value === null ? [] : [`${who} ${shown(name, value as number)}`],
        )
        .join(', ')}`,
  );
  return html`<li class="signal" data-trend=${name}>
    <div role="img" aria-label="${words.over(words.numbers[name])}: ${told.join('; ')}.">
      <p class="head">
        <span class="name">${words.over(words.numbers[name])}</span
        ><span class="num muted">${words.upTo(shown(name, most))}</span>
      </p>
      <svg class="trend" aria-hidden="true">
        ${line('limit')}${line('stable')}${line('canary')}${points.map((one, index) => (one.canary === null ? nothing : svg`<circle class="canary ${one.over ? 'bad' : ''}" cx=${x(index)} cy=${y(one.canary)} r=${one.over ? 5 : 3.5}/>`))}
        ${points.map((one, index) => svg`<text class="num" x=${x(index)} y=${HIGH + 12} text-anchor=${index === 0 ? 'start' : index === points.length - 1 ? 'end' : 'middle'}>${words.step(one.step + 1)}</text>`)}
      </svg>
      <p class="key">
        <span class="canary">${names.canary}</span
        >${names.stable ? html`<span class="stable">${names.stable}</span>` : nothing}<span
          class="limit"
          >${words.limit}</span
        >
      </p>
    </div>
  </li>`;
}
