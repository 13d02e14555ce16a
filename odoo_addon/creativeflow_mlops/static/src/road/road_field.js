import { Component } from '@odoo/owl';
import { _t } from '@web/core/l10n/translation';
import { registry } from '@web/core/registry';
import { standardFieldProps } from '@web/views/fields/standard_field_props';

const NAMES = {
  uploaded: _t('Uploaded'),
  scanned: _t('Scanned'),
  approved: _t('Approved'),
  built: _t('Built'),
  staging: _t('Staging'),
  promoted: _t('Promoted'),
  rolling: _t('Rolling out'),
  live: _t('Live'),
};
const STATES = {
  done: { icon: 'fa-check', word: _t('done') },
  running: { icon: 'fa-circle-o-notch fa-spin', word: _t('running') },
  waiting: { icon: 'fa-user', word: _t('awaiting approval') },
  failed: { icon: 'fa-times', word: _t('failed') },
  aborted: { icon: 'fa-ban', word: _t('aborted') },
  over: { icon: 'fa-circle-o', word: _t('no longer') },
  ahead: { icon: 'fa-circle', word: _t('ahead') },
};
const BRIEF_CHARS = 44;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How long a stop took, in words: 850 ms, 12 s, 3 min. */
export function duration(milliseconds) {
  if (milliseconds < SECOND) {
    return `${milliseconds} ms`;
  }
  return milliseconds < MINUTE
    ? `${Math.round(milliseconds / SECOND)} s`
    : `${Math.round(milliseconds / MINUTE)} min`;
}

/**
 * The first words of a reason, as many as keep the road a road: the banner above and the title have
 * it whole.
 */
export function brief(reason) {
  if (!reason || reason.length <= BRIEF_CHARS) {
    return reason;
  }
  const cut = reason.slice(0, BRIEF_CHARS);
  const words = cut.slice(0, cut.lastIndexOf(' '));
  return `${(words || cut).replace(/[\s.,:;]+$/, '')}…`;
}

/** The eight stops of a version, from its `road`. `small`: eight dots for a card or a row. */
export class RoadField extends Component {
  static template = 'creativeflow_mlops.RoadField';
  static props = { ...standardFieldProps, small: { type: Boolean, optional: true } };

  get stops() {
    return (this.props.record.data[this.props.name] || []).map((stop) => {
      const { icon, word } = STATES[stop.state];
      const name = NAMES[stop.key];
      const time = this.time(stop);
      // when it ended says nothing without that it did
      const line = ['aborted', 'over'].includes(stop.state) ? word : time || word;
      return {
        ...stop,
        icon,
        word,
        name,
        brief: brief(stop.reason),
        line,
        title: [name, word, stop.reason].filter(Boolean).join(' · '),
      };
    });
  }

  /** One line under a stop: when, how long, who. */
  time(stop) {
    const at = stop.at && luxon.DateTime.fromISO(stop.at);
    const took = stop.durationMs ? duration(stop.durationMs) : '';
    return [at && at.toLocaleString({ hour: '2-digit', minute: '2-digit' }), took, stop.by]
      .filter(Boolean)
      .join(' · ');
  }

  /** The road in a sentence, for a screen reader. */
  get sentence() {
    return this.stops.map(({ name, word }) => `${name}: ${word}`).join(', ');
  }
}

registry.category('fields').add('mlops_road', {
  component: RoadField,
  supportedTypes: ['json'],
  displayName: _t('Road'),
  extractProps: ({ options }) => ({ small: Boolean(options.small) }),
});
