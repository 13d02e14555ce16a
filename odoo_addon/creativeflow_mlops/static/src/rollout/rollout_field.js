import { Component, onMounted, onWillUnmount, useState } from '@odoo/owl';
import { _t } from '@web/core/l10n/translation';
import { registry } from '@web/core/registry';
import { standardFieldProps } from '@web/views/fields/standard_field_props';
import { chartOf, trendOf } from './signals';

const ICONS = { done: 'fa-check', now: 'fa-play', next: 'fa-circle-o' };
const STATES = { done: _t('done'), now: _t('current'), next: _t('upcoming') };
const WAITS = {
  pods: _t('Waiting for pods'),
  time: _t('Waiting'),
  person: _t('Awaiting approval'),
  judgement: _t('Analysing'),
  pause: _t('Paused'),
  room: _t('Waiting for capacity'),
  predecessor: _t('Waiting for the previous version to be removed'),
};
const VERDICTS = {
  pass: { badge: 'text-bg-success', verdictWord: _t('passed') },
  fail: { badge: 'text-bg-danger', verdictWord: _t('failed') },
  wait: { badge: 'text-bg-warning', verdictWord: _t('inconclusive') },
};
const ENDS = {
  Failed: _t('The rollout failed; it receives no traffic.'),
  Aborted: _t('The rollout was aborted; it receives no traffic.'),
  Superseded: _t('Superseded; it no longer receives traffic.'),
  Removed: _t('Removed; it no longer receives traffic.'),
};
const SECOND = 1000;

/** A rollout under way: how much of the traffic, which step, what was judged, what comes next. */
export class RolloutField extends Component {
  static template = 'creativeflow_mlops.RolloutField';
  static props = { ...standardFieldProps };

  setup() {
    this.clock = useState({ now: Date.now() });
    let timer;
    onMounted(() => {
      timer = setInterval(() => (this.clock.now = Date.now()), SECOND);
    });
    onWillUnmount(() => clearInterval(timer));
  }

  get value() {
    return this.props.record.data[this.props.name];
  }

  get steps() {
    return this.value.steps.map((step) => ({
      ...step,
      icon: ICONS[step.state],
      word: STATES[step.state],
    }));
  }

  /** How many requests were counted, how many are needed, and whether it began again. */
  get judging() {
    const { judging } = this.value;
    if (!judging) {
      return '';
    }
    const { counted, needed, anew } = judging;
    const counts =
      counted === null
        ? _t('%s requests are needed', needed)
        : _t('%(counted)s of %(needed)s requests counted', { counted, needed });
    const restarted = _t('The analysis starts again.');
    return anew ? `${restarted} ${counts}` : counts;
  }

  get ended() {
    return ENDS[this.value.ended] || '';
  }

  get waiting() {
    const { waitingFor, until, ended } = this.value;
    if (!waitingFor || ended) {
      return '';
    }
    const left = until
      ? Math.max(0, Math.round((new Date(until).getTime() - this.clock.now) / SECOND))
      : null;
    return left === null
      ? WAITS[waitingFor]
      : `${WAITS[waitingFor]} · ${left < 120 ? `${left} s` : `${Math.round(left / 60)} min`}`;
  }

  /** The newest first. */
  get judgements() {
    const { judgements, before, now } = this.value;
    return judgements.map((one, key) => ({
      ...one,
      ...(VERDICTS[one.verdict] || { badge: 'text-bg-secondary', verdictWord: one.verdict }),
      key,
      charts: one.signals.map((row) => chartOf(row, before, now)),
    }));
  }

  get trends() {
    const { judgements, before, now } = this.value;
    return ['errors', 'p95'].map((name) => trendOf(name, judgements, before, now)).filter(Boolean);
  }
}

/** A promotion as a dry run: what would happen, step by step. */
export class PlanField extends Component {
  static template = 'creativeflow_mlops.PlanField';
  static props = { ...standardFieldProps };

  get value() {
    return this.props.record.data[this.props.name];
  }
}

registry.category('fields').add('mlops_rollout', {
  component: RolloutField,
  supportedTypes: ['json'],
  displayName: _t('Rollout'),
});
registry
  .category('fields')
  .add('mlops_plan', { component: PlanField, supportedTypes: ['json'], displayName: _t('Plan') });
