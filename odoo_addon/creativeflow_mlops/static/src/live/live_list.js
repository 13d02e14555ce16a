import { onMounted, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { debounce } from "@web/core/utils/timing";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { listView } from "@web/views/list/list_view";

const CHANNEL = "creativeflow_mlops.changes";
const NEWS = "creativeflow_mlops/changed";
/** A road moves in bursts: one reading for each burst. */
const BURST_MS = 300;

/** A list or kanban that is read again when something changed in the company. */
const live = (Controller) =>
    class extends Controller {
        setup() {
            super.setup();
            const bus = useService("bus_service");
            const readAgain = debounce(async () => {
                if (!this.model.root.editedRecord) {
                    await this.model.root.load();
                }
            }, BURST_MS);
            onMounted(() => {
                bus.addChannel(CHANNEL);
                bus.subscribe(NEWS, readAgain);
                bus.addEventListener("BUS:RECONNECT", readAgain);
            });
            onWillUnmount(() => {
                readAgain.cancel();
                bus.unsubscribe(NEWS, readAgain);
                bus.removeEventListener("BUS:RECONNECT", readAgain);
            });
        }
    };

registry.category("views").add("mlops_live_list", { ...listView, Controller: live(listView.Controller) });
registry.category("views").add("mlops_live_kanban", { ...kanbanView, Controller: live(kanbanView.Controller) });
