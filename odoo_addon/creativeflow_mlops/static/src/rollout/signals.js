import { _t } from '@web/core/l10n/translation';
import { formatFloat } from '@web/core/utils/numbers';

const NAMES = {
  requests: _t('Requests'),
  errors: _t('Errors'),
  p95: _t('p95'),
  restarts: _t('Restarts'),
  agreement: _t('Prediction agreement'),
  signal: _t('Business metric'),
};
const STANDINGS = {
  within: { word: _t('within the limit'), tone: 'text-success', icon: 'fa-check' },
  enough: { word: _t('enough'), tone: 'text-success', icon: 'fa-check' },
  over: { word: _t('over the limit'), tone: 'text-danger fw-bold', icon: 'fa-times' },
  below: { word: _t('below the limit'), tone: 'text-danger fw-bold', icon: 'fa-times' },
  few: { word: _t('too few yet'), tone: 'text-warning-emphasis', icon: 'fa-circle-o' },
  early: { word: _t('not analysed yet'), tone: 'text-muted', icon: 'fa-circle-o' },
  free: { word: _t('not judged'), tone: 'text-muted', icon: 'fa-circle-o' },
};
/** So many times the limit fit into a chart: what is longer is cut, so that the limit is seen. */
const TIMES_THE_LIMIT = 4;
const ROOM = 1.15;
const SHORTEST_PERCENT = 1.2;
const WHOLE = 100;

const number = (value) => formatFloat(value, { digits: [0, 2], trailingZeros: false });

export function shown(name, value) {
  if (name === 'errors' || name === 'agreement') {
    return `${number(WHOLE * value)} %`;
  }
  return name === 'p95' ? `${number(Math.round(value))} ms` : number(value);
}

/** "at most 1.05 % (+1 %)" */
function limitWords({ name, limit, rule, least }) {
  const how =
    {
      errors: ` (+${shown('errors', rule)})`,
      p95: ` (×${number(rule)})`,
      signal: ` (+${number(rule)})`,
    }[name] || '';
  return (
    (least ? _t('at least %s', shown(name, limit)) : _t('at most %s', shown(name, limit))) + how
  );
}

/**
 * One judged signal as a chart: its bars and its limit in percent of the width, and a sentence for
 * whoever does not see it.
 */
export function chartOf(row, before, now) {
  const { name, stable, canary, limit, standing } = row;
  const most = ROOM * Math.max(stable || 0, canary || 0, limit || 0);
  // a share of the answers ends at all of them
  const end =
    name === 'agreement' ? 1 : (limit > 0 ? Math.min(most, limit * TIMES_THE_LIMIT) : most) || 1;
  const sides = [
    { key: 'old', who: name === 'signal' ? _t('before') : before || _t('before'), value: stable },
    { key: 'new', who: name === 'signal' ? _t('during') : now, value: canary },
  ].filter(({ value }) => value !== null && value !== undefined);
  const bars = sides.map(({ key, who, value }) => ({
    key,
    who,
    text: shown(name, value),
    width: value > 0 ? Math.max(SHORTEST_PERCENT, Math.min(WHOLE, (WHOLE * value) / end)) : 0,
    cut: value > end,
  }));
  const { word, tone, icon } = STANDINGS[standing];
  const mark = limit === null ? null : { at: (WHOLE * limit) / end, words: limitWords(row) };
  const nothing = _t('nothing counted');
  const told = [
    `${NAMES[name]}: ${bars.map((bar) => `${bar.who} ${bar.text}`).join(', ') || nothing}`,
    mark && mark.words,
    word,
  ];
  return {
    name,
    title: NAMES[name],
    standing,
    word,
    tone,
    icon,
    bars,
    mark,
    sentence: `${told.filter(Boolean).join('; ')}.`,
  };
}

const HIGH = 64;
const EDGE = 6;

/**
 * Errors or p95 over the judge steps, the newest judgement of each: null when there are not two.
 * `judgements`: the newest first.
 */
export function trendOf(name, judgements, before, now) {
  const newest = new Map(
    [...judgements]
      .reverse()
      .map((one) => [one.step, one.signals.find((row) => row.name === name)]),
  );
  if (newest.size < 2) {
    return null;
  }
  const points = [...newest].sort(([a], [b]) => a - b);
  const kinds = ['limit', 'stable', 'canary'];
  const most = Math.max(...points.flatMap(([, row]) => kinds.map((kind) => row[kind] || 0))) || 1;
  const x = (index) => 4 + (92 * index) / (points.length - 1);
  const y = (value) => EDGE + (HIGH - 2 * EDGE) * (1 - value / most);
  const lines = kinds.flatMap((kind) =>
    points.slice(1).flatMap(([, to], index) => {
      const from = points[index][1][kind];
      const known = from !== null && to[kind] !== null;
      return known
        ? [
            {
              key: `${kind}${index}`,
              kind,
              x1: x(index),
              x2: x(index + 1),
              y1: y(from),
              y2: y(to[kind]),
            },
          ]
        : [];
    }),
  );
  const marks = points.map(([step, { canary, standing }], index) => ({
    key: step,
    x: x(index),
    y: canary === null ? null : y(canary),
    over: standing === 'over',
    word: _t('Step %s', step + 1),
    anchor: index === 0 ? 'start' : index === points.length - 1 ? 'end' : 'middle',
  }));
  const told = points.map(([step, { stable, canary }]) => {
    const sides = [
      [before || _t('before'), stable],
      [now, canary],
    ].filter(([, value]) => value !== null);
    return `${_t('Step %s', step + 1)}: ${sides.map(([who, value]) => `${who} ${shown(name, value)}`).join(', ')}`;
  });
  const title = _t('%s over the steps', NAMES[name]);
  return {
    name,
    title,
    most: _t('up to %s', shown(name, most)),
    lines,
    marks,
    sentence: `${title}: ${told.join('; ')}.`,
  };
}
