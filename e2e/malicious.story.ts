import { expect } from 'chai';
import { Client, sample } from './client.ts';
import { unusedName, uploaded } from './pipeline.ts';
import { closeWindows, openWindow, picture, signedIn, signedInToOdoo } from './window.ts';

describe('Given a model that runs a command when it is loaded', () => {
  it('When it is uploaded, then it is refused with the place and the reason, and nobody can approve it', async () => {
    const [ada, ben] = [await Client.as('ada'), await Client.as('ben')];
    const ids = await uploaded(ada, sample('malicious', unusedName('evil')));
    const refused = await ada.reaches(ids, 'ValidationFailed');
    expect(refused.statusReason).to.contain('posix.system');
    const finding = refused.findings.find((one) => one.rule === 'pickle-call-blocked');
    expect(finding?.file).to.equal('model.pkl');
    expect(finding?.offset).to.be.greaterThan(0);
    const forced = await ben.act(ids, 'deploy', { target: 'staging', seen: refused.lockVersion });
    expect(forced.status).to.equal(422);
    expect((await ben.version(ids)).status).to.equal('ValidationFailed');
    const window = await openWindow();
    await signedIn(
      window,
      'ada',
      `${ada.facts.publicUrl}/app/#/models/${ids.modelId}/versions/${ids.versionId}`,
      refused.model.name,
    );
    await window.page.getByText('Loading the file calls posix.system.').first().waitFor();
    await picture(window.page, 'pwa-blocked');
    const odoo = await openWindow();
    await signedInToOdoo(odoo, 'ben', `/odoo/mlops-versions/${ids.versionId}`);
    await odoo.page.locator('.o_mlops_road li[data-key=scanned][data-state=failed]').waitFor();
    await odoo.page.locator('.o_form_view .nav-link[name=findings]').click();
    const row = odoo.page
      .locator('.o_field_widget[name=current_finding_ids] .o_data_row')
      .filter({ hasText: 'pickle-call-blocked' })
      .first();
    await row.getByText(/^byte [\d,]+$/).waitFor();
    expect(
      await odoo.page.locator('button[name=action_deploy]').count(),
      'ways to approve it',
    ).to.equal(0);
    await picture(odoo.page, 'odoo-blocked');
    await closeWindows();
    await Promise.all([ada.close(), ben.close()]);
  });
});

describe('Given wrong input', () => {
  it('When something is missing or not right, then the answer names field, reason and remedy', async () => {
    const ada = await Client.as('ada');
    const noVersion = await ada.upload({
      ...sample('digits', 'wrong'),
      metadata: { name: 'wrong' },
    });
    expect(noVersion.status).to.equal(422);
    expect(noVersion.headers.get('content-type')).to.contain('application/problem+json');
    expect(noVersion.body.errors?.map((error) => error.field).join()).to.contain('version');
    const nobody = await new Client().send<{ code: string }>('GET', '/mlops/models');
    expect([nobody.status, nobody.body.code]).to.deep.equal([401, 'login-needed']);
    const metrics = await new Client().send('GET', '/metrics');
    expect(metrics.status).to.equal(404);
    await ada.close();
  });
});
