import { registry } from '@web/core/registry';

/**
 * An approver finds the version that waits, approves it in the dialog, and sees where it stands.
 */
registry.category('web_tour.tours').add('creativeflow_mlops_road', {
  steps: () => [
    {
      content: 'the version stands under Validated',
      trigger: '.o_kanban_group:contains(Validated) .o_kanban_record:contains(Tour model)',
      run: 'click',
    },
    {
      content: 'its road waits for a person',
      trigger: '.o_mlops_road li[data-key=approved][data-state=waiting]',
    },
    { content: 'he may approve it', trigger: 'button[name=action_deploy]', run: 'click' },
    {
      content: 'the dialog says what will happen',
      trigger: '.modal .alert:contains(starts it in staging)',
    },
    { content: 'and what changes', trigger: '.modal .o_mlops_comparison td:contains(1.0.0)' },
    { content: 'he says why', trigger: '.modal [name=comment] textarea', run: 'edit Looks right.' },
    { content: 'and confirms', trigger: '.modal button[name=confirm]', run: 'click' },
    {
      content: 'it is being built',
      trigger: '.o_mlops_road li[data-key=built][data-state=running]',
    },
    { content: 'nothing is his to do now', trigger: 'body:not(:has(button[name=action_deploy]))' },
    { content: 'the approval is on record', trigger: '.nav-link[name=approvals]', run: 'click' },
    { trigger: '.o_field_widget[name=approval_ids] .o_data_row:contains(Looks right.)' },
  ],
});
