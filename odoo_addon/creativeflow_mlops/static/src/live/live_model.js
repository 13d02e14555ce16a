import { toRaw } from '@odoo/owl';

/**
 * Lists that are read again in place: what did not change is left alone, so selection, open groups
 * and scroll stay.
 */

/** The values that each record was last given, to tell what changed. */
const given = new WeakMap();

function remember(records, values) {
  records.forEach((record, index) => given.set(toRaw(record), JSON.stringify(values[index])));
}

const LiveRecords = (List) =>
  class extends List {
    _setData(data) {
      const known = new Map((this.records || []).map((record) => [record.resId, record]));
      if (!this.model.isRefreshing || !known.size) {
        super._setData(data);
        remember(this.records, data.records);
        return;
      }
      this.records = data.records.map((values) => {
        const record = known.get(values.id);
        if (!record) {
          const made = this._createRecordDatapoint(values);
          remember([made], [values]);
          return made;
        }
        if (given.get(toRaw(record)) !== JSON.stringify(values)) {
          record._setData(values);
          remember([record], [values]);
        }
        return record;
      });
      this._updateCount(data);
      this._selectDomain(this.isDomainSelected);
    }
  };

const keyOf = ({ value, serverValue }) => JSON.stringify(serverValue ?? value ?? null);

const LiveGroups = (List) =>
  class extends List {
    _setData(data) {
      const known = new Map((this.groups || []).map((group) => [keyOf(group), group]));
      super._setData(data);
      if (!this.model.isRefreshing) {
        return;
      }
      this.groups = this.groups.map((fresh, index) => {
        const group = known.get(keyOf(fresh));
        return group ? this._refreshed(group, fresh, data.groups[index]) : fresh;
      });
    }

    /** The group as it stands on the screen, with what was read now. */
    _refreshed(group, fresh, values) {
      group._config = fresh._config;
      const { count, aggregates, displayName, range } = fresh;
      Object.assign(group, { count, aggregates, displayName, range });
      group.list._config = fresh.list._config;
      group.list._setData(values);
      group._useGroupCountForList();
      return group;
    }
  };

/** The model of a list or kanban that can be refreshed. */
export const liveModel = (Model) =>
  class extends Model {
    static DynamicRecordList = LiveRecords(Model.DynamicRecordList);
    static DynamicGroupList = LiveGroups(Model.DynamicGroupList);

    /** Reads again what is shown; keeps the records that are still there. */
    async refresh() {
      this.isRefreshing = true;
      try {
        await this.root.load();
      } finally {
        this.isRefreshing = false;
      }
    }
  };
