import { registry } from '@web/core/registry';

/** The component with the model of the view that is open. */
function liveController(node = window.odoo.__WOWL_DEBUG__.root.__owl__) {
  if (node.component.model?.refresh) {
    return node.component;
  }
  for (const child of Object.values(node.children)) {
    const found = liveController(child);
    if (found) {
      return found;
    }
  }
  return null;
}

/** Reads again as after news, with the row of this version changed behind the screen. */
async function changeBehind(name, description) {
  const { model } = liveController();
  const [id] = await model.orm.search('mlops.model.version', [['model_id.name', '=', name]]);
  await model.orm.write('mlops.model.version', [id], { description });
  await model.refresh();
}

const kept = {};

registry.category('web_tour.tours').add('creativeflow_mlops_live_list', {
  steps: () => [
    {
      content: 'select a row',
      trigger: '.o_data_row:contains(Live model B) .o_list_record_selector input',
      run: 'click',
    },
    {
      content: 'news about another row',
      trigger: '.o_data_row:contains(Live model B) .o_list_record_selector input:checked',
      run: async () => {
        kept.row = [...document.querySelectorAll('.o_data_row')].find((row) =>
          row.textContent.includes('Live model B'),
        );
        await changeBehind('Live model A', 'Changed');
      },
    },
    {
      content: 'it is the same row, and it is still selected',
      trigger: '.o_data_row:contains(Live model B) .o_list_record_selector input:checked',
      run: () => {
        if (!kept.row.isConnected) {
          throw new Error('the row was drawn anew');
        }
      },
    },
  ],
});

registry.category('web_tour.tours').add('creativeflow_mlops_live_kanban', {
  steps: () => [
    {
      content: 'a card',
      trigger: '.o_kanban_record:contains(Live model B)',
      run: async () => {
        kept.card = [...document.querySelectorAll('.o_kanban_record')].find((one) =>
          one.textContent.includes('Live model B'),
        );
        await changeBehind('Live model A', 'Changed again');
      },
    },
    {
      content: 'it is the same card',
      trigger: '.o_kanban_group:contains(Validated) .o_kanban_record:contains(Live model B)',
      run: () => {
        if (!kept.card.isConnected) {
          throw new Error('the card was drawn anew');
        }
      },
    },
  ],
});
