import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect } from 'chai';
import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { SERVED_POLICY } from '../stack/servers/nginx-endpoints.ts';
import { Client, type Sample } from './client.ts';
import { archive, broughtToStaging, idsOf, unusedName } from './pipeline.ts';
import { closeWindows, openWindow, signedIn, signedInToOdoo, type Window } from './window.ts';

const FOLDER = join(import.meta.dirname, 'hostile');
/** the page refreshes itself after a second: what it does by itself has happened by then */
const SETTLED_MS = 2_500;
const CLICKS = ['submit', 'submit-away', 'popup', 'ping', 'script', 'click', 'logout'];
const OBEYED = [
  'set-cookie',
  'service-worker-allowed',
  'clear-site-data',
  'strict-transport-security',
  'refresh',
  'www-authenticate',
  'link',
  'location',
  'alt-svc',
  'access-control-allow-origin',
];
/** what tells who a visitor is, wherever it stands */
const OF_VISITOR = /cookie|authorization|session_id|cf_session|x-requested-with|referer/i;

interface Told {
  path: string;
  headers: Record<string, string>;
}

function hostile(name: string): Sample {
  const metadata = {
    name,
    version: '1.0.0',
    description: 'Attacks whoever looks at it.',
    framework: 'numpy',
    serving: {
      port: 8080,
      readinessPath: '/v2/health/ready',
      protocol: 'http',
      gpus: 0,
      cpu: '20m',
      memory: '64Mi',
      replicas: 1,
    },
  };
  return {
    folder: FOLDER,
    modelFile: join(import.meta.dirname, '../examples/digits/model.safetensors'),
    dockerfile: join(FOLDER, 'Dockerfile'),
    sideFiles: [join(FOLDER, 'serve.py'), join(FOLDER, 'page.txt')],
    metadata,
  };
}

describe('Given a served model that attacks its visitors', function () {
  this.timeout(300_000);
  this.bail(true);
  const name = unusedName('hostile');
  let ada: Client,
    ben: Client,
    mia: Client,
    staged: VersionDetail,
    window: Window,
    url: string,
    app: string;

  before(async function () {
    this.timeout(600_000);
    [ada, ben, mia] = [await Client.as('ada'), await Client.as('ben'), await Client.as('mia')];
    staged = await broughtToStaging(ada, ben, hostile(name));
    [url, app] = [staged.stagingEndpointUrl!, ben.facts.publicUrl];
    window = await openWindow();
    await signedIn(
      window,
      'ben',
      `${app}/app/#/models/${staged.model.id}/versions/${staged.id}`,
      `${name} ${staged.name}`,
    );
    const odoo = await window.context.newPage();
    await signedInToOdoo({ ...window, page: odoo }, 'ben', '/odoo');
    await odoo.close();
  });
  after(async () => {
    await closeWindows();
    if (staged) await archive(mia, idsOf(staged));
    await Promise.all([ada, ben, mia].map((one) => one?.close()));
  });

  const page = (base = url): string => `${base}/page?app=${encodeURIComponent(app)}`;
  const otherHost = (): string => url.replace('//127.0.0.1:', '//endpoints.localhost:');
  const told = async (): Promise<Told[]> => (await ben.send<Told[]>('GET', `${url}/told`)).body;
  const sessions = async (): Promise<string[]> =>
    (await window.context.cookies(app))
      .filter((one) => /session/.test(one.name))
      .map((one) => `${one.name}=${one.value}`)
      .sort();

  /** The pod was told nothing of the visitor, ran nothing, and both sessions are as they were. */
  async function unharmed(before: string[]): Promise<void> {
    const heard = await told();
    expect(
      heard.filter(({ headers }) => OF_VISITOR.test(Object.keys(headers).join())),
      'told',
    ).to.deep.equal([]);
    expect(JSON.stringify(heard), 'told').not.to.match(/cf_session|session_id/);
    expect(
      heard.filter(({ path }) => /learned|worker/.test(path)),
      'run',
    ).to.deep.equal([]);
    // each of both apps has one of its own
    const workers = window.context.serviceWorkers().map((worker) => worker.url());
    expect(workers.filter((address) => !address.startsWith(`${app}/`))).to.deep.equal([]);
    expect(await sessions()).to.deep.equal(before);
    expect(
      (await window.context.request.get(`${app}/mlops/session`)).status(),
      'still signed in',
    ).to.equal(200);
    expect((await ben.version(idsOf(staged))).status).to.equal('Staging');
  }

  it('When it is deployed, then its address is at the origin of endpoints and nowhere else', async () => {
    expect(url).to.equal(`${ben.facts.endpointsUrl}/endpoints/staging/${name}`);
    expect(new URL(url).origin).not.to.equal(new URL(app).origin);
    const gone = await ben.send<{ code: string; address: string }>(
      'GET',
      `/endpoints/staging/${name}/page`,
    );
    expect([gone.status, gone.body.code, gone.body.address]).to.deep.equal([
      410,
      'endpoints-moved',
      `${url}/page`,
    ]);
    for (const path of ['/app/', '/mlops/session', '/odoo', '/web/login']) {
      expect((await ben.send('GET', `${ben.facts.endpointsUrl}${path}`)).status, path).to.equal(
        404,
      );
    }
  });

  it('When somebody who is signed in to both apps opens it, then it learns and changes nothing', async () => {
    const before = await sessions();
    expect(before).to.have.length(2);
    for (const base of [url, otherHost()]) {
      const tab = await window.context.newPage();
      const answer = await tab.goto(page(base));
      expect(answer!.headers()['content-security-policy']).to.equal(SERVED_POLICY);
      expect(
        Object.keys(answer!.headers()).filter((header) => OBEYED.includes(header)),
      ).to.deep.equal([]);
      await tab.waitForTimeout(SETTLED_MS); // what must not happen has no event to wait for
      expect(tab.url()).to.equal(page(base));
      await tab.close();
      await unharmed(before);
    }
  });

  it('When they click whatever it offers, then nothing is sent and nobody is logged out', async () => {
    const before = await sessions();
    for (const id of CLICKS) {
      const tab = await window.context.newPage();
      await tab.goto(page());
      await tab.locator(`#${id}`).click({ noWaitAfter: true });
      await tab.waitForTimeout(700);
      await tab.close();
      await unharmed(before);
    }
  });

  it('When it answers with headers that browsers obey, at any status, then none arrives', async () => {
    for (const status of [200, 302, 401, 404, 500]) {
      const { headers } = await raw(`/answer/${status}`, {});
      expect(headers['content-security-policy'], String(status)).to.equal(SERVED_POLICY);
      expect(
        OBEYED.filter((header) => header in headers),
        String(status),
      ).to.deep.equal([]);
    }
    expect((await raw('/early', {}).catch(() => ({ headers: {} }))).headers).not.to.have.property(
      'set-cookie',
    );
    expect((await raw('/socket', { connection: 'upgrade', upgrade: 'websocket' })).status).to.equal(
      400,
    );
  });

  it('When a program calls it with a session or a key by mistake, then neither reaches it', async () => {
    await raw('/mistake', {
      cookie: ben.cookie,
      authorization: `Bearer ${ben.facts.n8nKey}`,
      'x-consumer-key': 'a-key',
    });
    const heard = JSON.stringify(await told());
    expect(heard)
      .to.contain('/mistake')
      .and.not.contain(ben.facts.n8nKey)
      .and.not.contain(ben.cookie.split('=')[1]!)
      .and.not.contain('a-key');
  });

  function raw(
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; headers: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      const question = request(
        `${url}${path}`,
        { headers, ca: readFileSync(ben.facts.caFile), agent: false },
        (answer) => {
          answer
            .resume()
            .on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers }));
        },
      );
      question.setTimeout(10_000, () => question.destroy(new Error('no answer')));
      question.on('error', reject).end();
    });
  }
});
