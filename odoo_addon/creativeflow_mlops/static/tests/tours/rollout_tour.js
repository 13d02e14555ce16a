import { registry } from '@web/core/registry';

/** An approver reads a running canary, pauses it, resumes it, and aborts it with a reason. */
registry.category('web_tour.tours').add('creativeflow_mlops_rollout', {
  steps: () => [
    { content: 'a tenth of the traffic', trigger: '.o_mlops_weight:contains(10 % 2.0.0)' },
    {
      content: 'it is being judged',
      trigger: '.o_mlops_steps li[data-kind=judge][data-state=now]',
    },
    {
      content: 'by numbers',
      trigger: '.o_mlops_judgement[data-verdict=wait]:contains(7 of 20 requests)',
    },
    {
      content: 'beside what is allowed',
      trigger: '.o_mlops_signals li[data-signal=requests][data-standing=few]:contains(at least 20)',
    },
    { content: 'he pauses it', trigger: 'button[name=action_pause]', run: 'click' },
    { content: 'it says so', trigger: '.o_mlops_rollout p:contains(Paused)' },
    { content: 'he resumes it', trigger: 'button[name=action_resume]', run: 'click' },
    { content: 'and aborts it', trigger: 'button[name=action_abort]', run: 'click' },
    {
      content: 'the dialog says what goes on',
      trigger: '.modal .alert:contains(1.0.0 keeps serving)',
    },
    { content: 'he says why', trigger: '.modal [name=reason] textarea', run: 'edit Not today.' },
    { content: 'and confirms', trigger: '.modal button.btn-danger[name=confirm]', run: 'click' },
    { content: 'nothing is his to do now', trigger: 'body:not(:has(button[name=action_abort]))' },
  ],
});
