import { expect } from 'chai';
import { closeBrowser, EXAMPLES, open, TEST_DEADLINE_MS, until, urlOf, visit } from '../browser.ts';
import type { MockServer } from '../mock/server.ts';
import { World } from '../mock/world.ts';

describe('pwa: from sign-in to a live endpoint', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  beforeEach(async () => (server = await open()));
  afterEach(() => server.stop());
  after(closeBrowser);

  it('signs in, says what is wrong, and asks for a second factor where there is one', async () => {
    const { page, context, faults } = await visit(server, undefined, '#/models');
    await page.getByLabel('Login').fill('tom');
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('Login or password is wrong.').waitFor();
    await page.getByLabel('Password', { exact: true }).fill('pw');
    await page.keyboard.press('Enter');
    await page.getByLabel('Code from your authenticator').fill('000000');
    await page.getByText('The code is wrong or too old.').waitFor();
    await page.getByLabel('Code from your authenticator').fill('123456');
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Account of Tom Second' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it('shows what needs an approver first, filters by status, and finds as one types', async () => {
    const { page, context } = await visit(server, 'ben', '#/models');
    const needs = page.getByRole('region', { name: 'Needs your action' }).getByRole('listitem');
    await needs.first().waitFor();
    await until('both are shown', async () => (await needs.count()) === 2);
    await page.getByLabel('Search models').fill('fraud');
    await page.getByText('1 model', { exact: true }).waitFor();
    await page.getByLabel('Search models').fill('nothing-like-it');
    await page.getByText('No model matches “nothing-like-it”.').waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await page.getByLabel('Status').selectOption('ValidationFailed');
    await page.getByRole('link', { name: 'churn-predictor' }).click();
    await page.getByText('model.pkl calls os.system when it is loaded.').waitFor();
    await page.getByText('Save the weights as safetensors').waitFor();
    await context.close();
  });

  it('says so when a part of the app cannot be had, and goes on when it can', async () => {
    const { page, context } = await visit(server, 'ada', '#/models');
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
    await page.route('**/cf-endpoints-page*.js', (route) => route.abort());
    // once it looks for a newer build, which brings the same
    const reloaded = page.waitForEvent('load');
    await page.getByRole('link', { name: 'Endpoints' }).first().click();
    await reloaded;
    await page.getByRole('alert').getByText('This page could not be loaded').waitFor();
    await page.unroute('**/cf-endpoints-page*.js');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
    await context.close();
  });

  it('scrolls thousands of models with only the rows in view', async () => {
    server.world.many(3000);
    const { page, context } = await visit(server, 'vera', '#/models');
    await page.getByText('3,007 models').waitFor();
    const last = page.getByRole('link', { name: 'model-02999' });
    // the page grows as rows are measured: its end is not where it was a moment ago
    await until('the last one is shown', async () => {
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      return last.isVisible();
    });
    expect(await page.locator('.row').count()).to.be.lessThan(60);
    const setsize = await page.locator('.row').last().getAttribute('aria-setsize');
    expect(setsize).to.equal('3007');
    await context.close();
  });

  it('walks the whole road: upload, scan, approve, build log, staging, promote by a second person, live', async () => {
    const ada = await visit(server, 'ada', '#/upload');
    await ada.page
      .locator('#files')
      .setInputFiles(
        ['model.safetensors', 'Dockerfile', 'serve.py', 'metadata.json'].map(
          (file) => `${EXAMPLES}/digits/${file}`,
        ),
      );
    await ada.page.getByText('sha256:').nth(2).waitFor();
    expect(await ada.page.getByLabel('Model name').inputValue()).to.equal('digits');
    await ada.page.getByLabel('Version', { exact: true }).fill('3.0.0');
    await ada.page.getByRole('button', { name: 'Upload', exact: true }).click();
    await ada.page.getByRole('heading', { name: 'digits 3.0.0' }).waitFor();
    await ada.page.getByRole('banner').getByRole('link', { name: 'Upload', exact: true }).waitFor();
    const sent = server.bodies.at(-1) as {
      metadata: { digests: Record<string, string>; params: object; serving: object };
    };
    expect(Object.keys(sent.metadata.digests)).to.have.members([
      'model.safetensors',
      'Dockerfile',
      'serve.py',
    ]);
    expect(sent.metadata.params).to.include({ hidden: 32 });
    await ada.page.locator('[data-key=approved][data-state=waiting]').waitFor();
    await ada.page.getByText('Needs an approver.').first().waitFor();
    expect(
      await ada.page
        .getByRole('button', { name: 'Approve for staging' })
        .getAttribute('aria-disabled'),
    ).to.equal('true');

    const ben = await visit(server, 'ben', urlOf(server.world, 'digits', '3.0.0'));
    server.world.byHand = true;
    await ben.page.locator('[data-action=deploy]').click();
    await ben.page
      .getByText('Builds the image of digits 3.0.0 and starts it in staging.')
      .waitFor();
    await ben.page.getByLabel(/Comment/).fill('Looks right.');
    await ben.page.locator('cf-sheet').getByRole('button', { name: 'Approve for staging' }).click();
    await ben.page.getByText('digits 3.0.0 is going to staging.').waitFor();
    await ben.page.getByRole('tab', { name: 'Build log' }).click();
    await ben.page.getByText('STEP 1/3').waitFor();
    await ben.page.getByText('Following').waitFor();
    server.world.step();
    await ben.page.getByText('Successfully pushed').waitFor();
    server.world.step();
    server.world.step();
    // the uploader's page moves without a touch
    await ada.page.locator('[data-key=staging][data-state=done]').waitFor();
    await ada.page.getByText('Waiting for a second person: uploaded by you.').first().waitFor();

    await ben.page.locator('[data-action=promote]').click();
    await ben.page
      .locator('cf-sheet')
      .getByText(
        'Starts 3.0.0 next to 1.0.0, tests it, then sends 100\u00a0% of production traffic to 3.0.0.',
      )
      .waitFor();
    await ben.page.getByRole('radio', { name: /Rolling/ }).check();
    await ben.page
      .getByText('Replaces the pods of 1.0.0 with 3.0.0 one at a time in production.')
      .waitFor();
    await ben.page.getByRole('radio', { name: /Blue-green/ }).check();
    await ben.page.locator('cf-sheet').getByRole('button', { name: 'Promote' }).click();
    await until(
      'the promotion was sent',
      () => (server.bodies.at(-1) as { strategy?: string }).strategy === 'blue-green',
    );
    server.world.step();
    server.world.step();
    await ada.page.locator('[data-key=live][data-state=done]').waitFor();
    await ada.page.getByRole('link', { name: 'Open endpoint' }).click();
    await ada.page.getByRole('heading', { name: 'digits production' }).waitFor();
    await ada.page.getByText('serves 3.0.0').waitFor();
    expect([...ada.faults, ...ben.faults]).to.deep.equal([]);
    await ada.context.close();
    await ben.context.close();
  });

  it('says before a promotion whether it fits, what stands against it, and what a recreate costs', async () => {
    server.obstacles = {
      rolling: {
        message: '1 GPU is wanted, 0 of 8 are free. Held by mlops-production/digits-v1-a 8.',
        waits: false,
      },
      canary: { message: 'Free capacity goes to earlier requests.', waits: true },
      recreate: null,
    };
    const { page, context, faults } = await visit(
      server,
      'ben',
      urlOf(server.world, 'digits', '2.0.0'),
    );
    await page.locator('[data-action=promote]').click();
    const sheet = page.locator('cf-sheet');
    await sheet.getByText('Enough capacity.').waitFor();
    await sheet.getByRole('radio', { name: /Rolling/ }).check();
    await sheet.getByText('0 of 8 are free. Held by mlops-production/digits-v1-a 8.').waitFor();
    expect(await sheet.getByText('Enough capacity.').count()).to.equal(0);
    await sheet.getByRole('radio', { name: /Canary/ }).check();
    await sheet
      .getByText('Free capacity goes to earlier requests. Would queue for capacity.')
      .waitFor();
    await sheet.getByRole('radio', { name: /Recreate/ }).check();
    await sheet
      .getByText(
        'Stops 1.0.0, then starts 2.0.0 in its place. The endpoint is down until 2.0.0 is ready; if it fails, 1.0.0 is restored.',
      )
      .waitFor();
    await until(
      'the plan that cannot be had is passed over',
      async () => (await sheet.getByText('Looking whether it fits').count()) === 0,
    );
    expect(await sheet.locator('cf-capacity-check [role=status]').innerText()).to.equal('');
    await sheet.getByRole('button', { name: 'Promote' }).click();
    await until(
      'it is promoted all the same',
      () => (server.bodies.at(-1) as { strategy?: string }).strategy === 'recreate',
    );
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it('refuses a decision on a state that somebody changed, and says so', async () => {
    const { page, context } = await visit(
      server,
      'ben',
      urlOf(server.world, 'demand-forecast', '4.0.0'),
    );
    await page.locator('[data-action=reject]').click();
    await page.locator('cf-sheet').getByRole('button', { name: 'Reject' }).click();
    await page.getByText('Give a reason so it can be fixed.').waitFor();
    const version = server.world.versions.find((one) => one.model.name === 'demand-forecast');
    if (version) version.lockVersion += 1;
    await page.locator('cf-sheet').getByLabel('Reason').fill('No test data.');
    await page.locator('cf-sheet').getByRole('button', { name: 'Reject' }).click();
    await page.getByText('Someone else changed this version').waitFor();
    expect(version?.status).to.equal('Validated');
    await context.close();
  });

  it('shows a failure with its reason and the button that answers it; rolls back; archives nothing by itself', async () => {
    const { page, context } = await visit(
      server,
      'ben',
      urlOf(server.world, 'fraud-scorer', '2.2.0'),
    );
    const answer = page.locator('#answer');
    await answer.getByText('exit code 1 after 0.4 s').waitFor();
    await answer.getByRole('button', { name: 'Deploy again' }).waitFor();
    await answer.getByRole('button', { name: 'Deployments' }).click();
    await page
      .getByRole('tabpanel')
      .getByText('CrashLoopBackOff: CrashLoopBackOff')
      .first()
      .waitFor();
    await page.goto(`${server.url}/app/${urlOf(server.world, 'digits', '1.0.0')}`);
    await page.locator('[data-action=rollback]').click();
    await page.locator('cf-sheet').getByText('Takes 1.0.0 out of production').waitFor();
    await page.keyboard.press('Escape');
    await until('the sheet is gone', async () => (await page.getByRole('dialog').count()) === 0);
    await context.close();
  });

  it('tries an endpoint with a drawing and with JSON, and gives calls to copy', async () => {
    const endpoint = server.world.endpoints.find((one) => one.environmentKind === 'production');
    const { page, context, faults } = await visit(server, 'vera', `#/endpoints/${endpoint?.id}`);
    const canvas = page.locator('canvas');
    await canvas.waitFor();
    const { width, height } = (await canvas.boundingBox())!;
    // `hover` waits until the canvas no longer moves, as a page does that is still loading
    for (let y = 20; y <= height - 20; y += (height - 40) / 8) {
      await canvas.hover({ position: { x: width / 2, y } });
      if (y === 20) await page.mouse.down();
    }
    await page.mouse.up();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Prediction: 1').waitFor();
    const asked = server.bodies.at(-1) as {
      path: string;
      body: { inputs: { name: string; shape: number[]; data: number[] }[] };
    };
    expect(asked.path).to.equal('/v2/models/digits/infer');
    expect(asked.body.inputs[0]).to.include({ name: 'pixels' });
    expect(asked.body.inputs[0]?.data).to.have.length(64);
    expect(Math.max(...(asked.body.inputs[0]?.data ?? []))).to.equal(16);
    await page.getByRole('button', { name: 'JSON' }).click();
    await page.getByLabel('Request body').fill('{');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Invalid JSON').waitFor();
    await page.getByRole('button', { name: 'n8n' }).click();
    await page.getByRole('button', { name: 'Copy: n8n' }).click();
    let text = '';
    await until(
      'it is copied',
      async () => (text = await page.evaluate(() => navigator.clipboard.readText())) !== '',
    );
    const copied = JSON.parse(text) as { nodes: { type: string; parameters: { url: string } }[] };
    expect(copied.nodes[0]?.type).to.equal('n8n-nodes-base.httpRequest');
    expect(copied.nodes[0]?.parameters.url).to.match(
      /\/endpoints\/production\/digits\/v2\/models\/digits\/infer$/,
    );
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it('lists what happened, filters it, and goes on while one looks', async () => {
    const { page, context } = await visit(server, 'vera', '#/activity');
    await page.getByText('lead-score 7.4.2').first().waitFor();
    const version = server.world.versions.find((one) => one.model.name === 'ticket-router');
    if (version) server.world.become(version, 'Validated', 'Ada Byron');
    await page.getByText('Validating → Validated').first().waitFor();
    await page.getByLabel('Filter by text').fill('os.system');
    await until('one line is left', async () => (await page.locator('.event').count()) === 1);
    await context.close();
  });

  it('speaks French to a French browser, and remembers another choice', async () => {
    const { page, context } = await visit(server, 'ben', '#/models', { locale: 'fr-FR' });
    await page.getByRole('heading', { name: 'Modèles', exact: true }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).to.equal('fr');
    await page.getByRole('button', { name: 'Compte de Ben Okafor' }).click();
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
    await context.close();
  });

  it('starts with an invitation where there is nothing', async () => {
    await server.stop();
    server = await open(new World('empty'));
    const { page, context } = await visit(server, 'ada', '#/models');
    await page.getByRole('link', { name: 'Upload a model' }).click();
    await page.getByRole('heading', { name: 'Upload a model' }).waitFor();
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByText('Add the model file.').waitFor();
    await context.close();
  });
});
