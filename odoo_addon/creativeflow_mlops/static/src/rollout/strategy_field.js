import { _t } from '@web/core/l10n/translation';
import { registry } from '@web/core/registry';
import { RadioField, radioField } from '@web/views/fields/radio/radio_field';

/**
 * The strategies of a promotion: those that the environment allows, in its record's
 * `strategies_allowed`.
 */
export class StrategyField extends RadioField {
  get items() {
    const allowed = this.props.record.data.strategies_allowed || [];
    return super.items.filter(([name]) => allowed.includes(name));
  }
}

registry.category('fields').add('mlops_strategy', {
  ...radioField,
  component: StrategyField,
  displayName: _t('Strategy'),
  supportedTypes: ['selection'],
});
