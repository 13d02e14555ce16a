import { Component } from '@odoo/owl';
import { _t } from '@web/core/l10n/translation';
import { registry } from '@web/core/registry';
import { standardFieldProps } from '@web/views/fields/standard_field_props';

const CONDITION_CLASS = {
  True: 'text-bg-success',
  False: 'text-bg-warning',
  Unknown: 'text-bg-secondary',
};

/**
 * What is not true yet is no fault; once the deployment failed it is what it failed of. What is
 * over claims nothing.
 */
export function conditionClass(status, { phase, desired }) {
  if (
    ['Superseded', 'Removed'].includes(phase) ||
    (desired && desired !== 'serving' && phase !== 'Failed')
  ) {
    return 'text-bg-secondary';
  }
  if (status === 'False') {
    return phase === 'Failed'
      ? 'text-bg-danger'
      : phase === 'Ready'
        ? 'text-bg-warning'
        : 'text-bg-secondary';
  }
  return CONDITION_CLASS[status] || 'text-bg-secondary';
}

class JsonField extends Component {
  static props = { ...standardFieldProps };

  get value() {
    return this.props.record.data[this.props.name];
  }
}

/** An object as names and values: parameters, metrics, schemas. */
export class FactsField extends JsonField {
  static template = 'creativeflow_mlops.FactsField';

  get facts() {
    return Object.entries(this.value || {}).map(([name, value]) => ({
      name,
      value:
        value !== null && typeof value === 'object'
          ? JSON.stringify(value, null, 2)
          : String(value),
    }));
  }
}

/** Kubernetes' conditions of a deployment: type, status, reason, message, since. */
export class ConditionsField extends JsonField {
  static template = 'creativeflow_mlops.ConditionsField';

  get conditions() {
    return (this.value || []).map((one) => ({
      ...one,
      badge: conditionClass(one.status, this.props.record.data),
    }));
  }
}

/** What a decision changes: what runs now beside what would run. */
export class ComparisonField extends JsonField {
  static template = 'creativeflow_mlops.ComparisonField';

  get changed() {
    return (this.value || []).filter((row) => !row.same);
  }

  get sameCount() {
    return (this.value || []).length - this.changed.length;
  }
}

const TOOL_NAMES = { osv: _t('Known vulnerabilities'), clamav: _t('Malware') };

/** What is in the image; a tool that was not there is said, never counted as nothing found. */
export class InventoryField extends JsonField {
  static template = 'creativeflow_mlops.InventoryField';

  get lines() {
    const { tools, vulnerabilityCount, malware } = this.value;
    return tools
      .filter(({ name }) => name in TOOL_NAMES)
      .map(({ name, status, detail }) => {
        const found = name === 'osv' ? vulnerabilityCount : malware.length;
        const known = status === 'ok' || status === 'stale';
        return { name: TOOL_NAMES[name], known, found, detail, bad: known && found > 0 };
      });
  }
}

for (const [name, component, displayName] of [
  ['mlops_facts', FactsField, _t('Names and values')],
  ['mlops_conditions', ConditionsField, _t('Conditions')],
  ['mlops_comparison', ComparisonField, _t('Comparison')],
  ['mlops_inventory', InventoryField, _t('Image contents')],
]) {
  registry.category('fields').add(name, { component, displayName, supportedTypes: ['json'] });
}
