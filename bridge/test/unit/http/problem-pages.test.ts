import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { problemsOf } from '../../../src/http/problem-pages.ts';
import { startHttpApp, type App } from './http-app.ts';

describe('the page that the type of a problem leads to', () => {
  let app: App;
  before(async () => {
    app = await startHttpApp();
  });
  after(() => app.close());

  it('is served for each code of docs/problems.md, under a policy that lets nothing in', async () => {
    const markdown = readFileSync(new URL('../../../../docs/problems.md', import.meta.url), 'utf8');
    const codes = [...markdown.matchAll(/^#{3,4} (\S+)$/gm)].map((match) => match[1]!);
    expect([...problemsOf(markdown).keys()]).to.include.members(
      codes.filter((code) => code !== 'Integrity'),
    );
    for (const code of problemsOf(markdown).keys()) {
      const answer = await fetch(`${app.url}/mlops/problems/${code}`, {
        headers: { accept: 'text/html' },
      });
      expect(answer.status, code).to.equal(200);
      expect(answer.headers.get('content-security-policy')).to.contain("default-src 'none'");
      expect(await answer.text()).to.contain(`<h1>${code}</h1>`);
    }
  });
  it('is where a problem points, and comes as JSON or Markdown when asked so', async () => {
    const { type }: any = await fetch(`${app.url}/mlops/nowhere`).then((answer) => answer.json());
    for (const accept of ['text/html', 'application/json', 'text/markdown']) {
      const answer = await fetch(app.url + type, { headers: { accept } });
      expect(answer.headers.get('content-type')).to.contain(accept);
      expect(await answer.text()).to.contain('openapi.json');
    }
  });
  it('is no page for what is no code', async () => {
    expect((await fetch(`${app.url}/mlops/problems/__proto__`)).status).to.equal(404);
  });
});
