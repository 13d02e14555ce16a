import { onMounted, onWillUnmount } from '@odoo/owl';
import { registry } from '@web/core/registry';
import { useService } from '@web/core/utils/hooks';
import { debounce } from '@web/core/utils/timing';
import { kanbanView } from '@web/views/kanban/kanban_view';
import { listView } from '@web/views/list/list_view';
import { liveModel } from './live_model';

const CHANNEL = 'creativeflow_mlops.changes';
const NEWS = 'creativeflow_mlops/changed';
/** A road moves in bursts: one reading for each burst. */
const BURST_MS = 300;

/** A list or kanban that is read again when something changed in the company. */
const live = (Controller) =>
  class extends Controller {
    setup() {
      super.setup();
      const bus = useService('bus_service');
      const readAgain = debounce(async () => {
        // never over what somebody is typing: after that
        if (this.model.root.editedRecord) {
          readAgain();
        } else {
          await this.model.refresh();
        }
      }, BURST_MS);
      onMounted(() => {
        bus.addChannel(CHANNEL);
        bus.subscribe(NEWS, readAgain);
        bus.addEventListener('BUS:RECONNECT', readAgain);
      });
      onWillUnmount(() => {
        readAgain.cancel();
        bus.unsubscribe(NEWS, readAgain);
        bus.removeEventListener('BUS:RECONNECT', readAgain);
      });
    }
  };

registry.category('views').add('mlops_live_list', {
  ...listView,
  Model: liveModel(listView.Model),
  Controller: live(listView.Controller),
});
registry.category('views').add('mlops_live_kanban', {
  ...kanbanView,
  Model: liveModel(kanbanView.Model),
  Controller: live(kanbanView.Controller),
});
