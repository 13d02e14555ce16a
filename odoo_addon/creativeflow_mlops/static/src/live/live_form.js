import { onMounted, onWillUnmount, useEffect } from '@odoo/owl';
import { registry } from '@web/core/registry';
import { useService } from '@web/core/utils/hooks';
import { FormController } from '@web/views/form/form_controller';
import { formView } from '@web/views/form/form_view';

const NEWS = 'creativeflow_mlops/version';

/**
 * The form of a version, which shows news of its version at once; never over what somebody is
 * typing.
 */
export class LiveFormController extends FormController {
  setup() {
    super.setup();
    const bus = useService('bus_service');
    const take = ({ id }) => this.takeNews(id);
    // after a lost connection, what was missed is read again
    const catchUp = () => this.takeNews(this.versionId);
    onMounted(() => {
      bus.subscribe(NEWS, take);
      bus.addEventListener('BUS:RECONNECT', catchUp);
    });
    onWillUnmount(() => {
      bus.unsubscribe(NEWS, take);
      bus.removeEventListener('BUS:RECONNECT', catchUp);
    });
    useEffect(
      (id) => {
        if (!id) {
          return;
        }
        const channel = `creativeflow_mlops.version_${id}`;
        bus.addChannel(channel);
        return () => bus.deleteChannel(channel);
      },
      () => [this.versionId], // the pager leads to another version
    );
  }

  /** Of which version it shows the news. */
  get versionId() {
    return this.model.root.resId;
  }

  async takeNews(id) {
    const { root } = this.model;
    if (this.versionId === id && !(await root.isDirty())) {
      await root.load();
    }
  }
}

/** The form of a deployment, which hears of its version. */
export class LiveDeploymentController extends LiveFormController {
  get versionId() {
    return this.model.root.data.version_id?.id;
  }
}

registry.category('views').add('mlops_live_form', { ...formView, Controller: LiveFormController });
registry
  .category('views')
  .add('mlops_live_deployment', { ...formView, Controller: LiveDeploymentController });
