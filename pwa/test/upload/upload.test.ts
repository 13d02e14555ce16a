import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { closeBrowser, EXAMPLES, open, TEST_DEADLINE_MS, until, visit } from '../browser.ts';
import type { MockServer } from '../mock/server.ts';
import { createHash, randomBytes } from 'node:crypto';

const MIB = 1024 * 1024;

describe('pwa: upload', function () {
  this.timeout(TEST_DEADLINE_MS);
  let server: MockServer;
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'creativeflow-upload-'))));
  after(async () => {
    rmSync(folder, { recursive: true });
    await closeBrowser();
  });
  beforeEach(async () => (server = await open()));
  afterEach(() => server.stop());

  const file = (name: string, size: number): { path: string; digest: string } => {
    const bytes = randomBytes(size);
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return { path, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
  };
  /** what the server has of it */
  const sent = (): number =>
    [...server.tus.uploads.values()].find((one) => one.name.startsWith('big'))?.offset ?? 0;
  const fill = async (page: Page, paths: string[]): Promise<void> => {
    await page.locator('#files').setInputFiles([...paths, `${EXAMPLES}/digits/Dockerfile`]);
    await page.getByLabel('Model name').fill('big-model');
    await page.getByLabel('Version', { exact: true }).fill('1.0.0');
  };

  it('proposes the next version of a model that exists', async () => {
    const { page, context } = await visit(server, 'ada', '#/upload');
    await page.getByLabel('Model name').fill('digits');
    await page.getByText('The newest version is 2.0.0.').waitFor();
    expect(await page.getByLabel('Version', { exact: true }).inputValue()).to.equal('2.1.0');
    await context.close();
  });

  it('pauses and resumes without sending a byte twice', async () => {
    const { page, context, faults } = await visit(server, 'ada', '#/upload');
    const big = file('big.safetensors', 24 * MIB);
    server.tus.bytesPerSecond = 6 * MIB; // slow enough for a rate
    server.tus.holdAt(9 * MIB);
    await fill(page, [big.path]);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByText(/MB\/s/).first().waitFor();
    await until('a part has come', () => sent() >= 9 * MIB);
    await page.getByRole('button', { name: 'Pause big.safetensors' }).click();
    await page.getByText('Paused').waitFor();
    server.tus.release();
    await until('what was on its way has come', () => server.tus.open === 0);
    const before = server.tus.received;
    expect(sent()).to.be.lessThan(24 * MIB);
    const missing = 24 * MIB - sent();
    await page.getByRole('button', { name: 'Resume big.safetensors' }).click();
    await page.getByRole('heading', { name: 'big-model 1.0.0' }).waitFor();
    const body = server.bodies.at(-1) as { metadata: { digests: Record<string, string> } };
    expect(body.metadata.digests['big.safetensors']).to.equal(big.digest);
    expect(server.tus.received - before).to.equal(missing);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it('goes on after a reload from what the server has', async () => {
    const { page, context } = await visit(server, 'ada', '#/upload');
    const big = file('big.safetensors', 24 * MIB);
    server.tus.holdAt(4 * MIB);
    await fill(page, [big.path]);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await until('a part has come', () => sent() >= 4 * MIB);
    await until('the device keeps it', () => kept(page, { files: 2 }));
    await page.reload();
    await page.getByText('Found an unfinished upload.').waitFor();
    expect(await page.getByLabel('Model name').inputValue()).to.equal('big-model');
    server.tus.release();
    await page.getByRole('heading', { name: 'big-model 1.0.0' }).waitFor();
    expect(server.tus.uploads.size, 'no upload was begun anew').to.equal(2);
    await context.close();
  });

  it('asks for a file too large to be kept, takes only the same one, and goes on', async () => {
    const { page, context } = await visit(server, 'ada', '#/upload');
    const big = file('big.safetensors', 66 * MIB);
    server.tus.holdAt(8 * MIB);
    await fill(page, [big.path]);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await until('a part has come', () => sent() >= 8 * MIB);
    await until('the device keeps it', () => kept(page, { files: 1 }));
    await page.reload();
    await page.getByText('Select big.safetensors again').waitFor();
    server.tus.release();
    await until('what was on its way has come', () => server.tus.open === 0);
    const had = sent();
    const again = page.locator('cf-upload-item input[type=file]');
    await again.setInputFiles(`${EXAMPLES}/digits/model.safetensors`);
    await page.getByText('This is a different big.safetensors').waitFor();
    const before = server.tus.received;
    await again.setInputFiles(big.path);
    await page.getByRole('heading', { name: 'big-model 1.0.0' }).waitFor();
    expect(server.tus.received - before).to.equal(66 * MIB - had);
    await context.close();
  });

  it('goes on while one looks at another page, also after a reload there, and tells when it is done', async () => {
    const { page, context } = await visit(server, 'ada', '#/upload');
    const big = file('big.safetensors', 24 * MIB);
    server.tus.holdAt(4 * MIB);
    await fill(page, [big.path]);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await until('a part has come', () => sent() >= 4 * MIB);
    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByRole('heading', { name: 'Activity' }).waitFor();
    await until('the device keeps it', () => kept(page, { files: 2 }));
    await page.reload();
    server.tus.release();
    await page.getByRole('link', { name: 'big-model 1.0.0' }).first().click();
    await page.getByRole('heading', { name: 'big-model 1.0.0' }).waitFor();
    await context.close();
  });

  it('waits for the network, says so, and goes on by itself', async () => {
    const { page, context } = await visit(server, 'ada', '#/upload');
    const big = file('big.safetensors', 16 * MIB);
    server.tus.holdAt(4 * MIB);
    await fill(page, [big.path]);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await until('a part has come', () => sent() >= 4 * MIB);
    await server.stop();
    await page.getByText('Waiting for the network').first().waitFor();
    server.tus.release();
    await server.start();
    await page.getByRole('heading', { name: 'big-model 1.0.0' }).waitFor();
    await context.close();
  });

  it('goes on with the same upload when the server was away for a while', async () => {
    const { page, context } = await visit(server, 'ada', '#/upload');
    const big = file('big.safetensors', 16 * MIB);
    server.tus.holdAt(4 * MIB);
    await fill(page, [big.path]);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await until('a part has come', () => sent() >= 4 * MIB);
    await page.getByRole('button', { name: 'Pause big.safetensors' }).click();
    server.tus.away = true;
    server.tus.release();
    await page.getByRole('button', { name: 'Resume big.safetensors' }).click();
    await page.getByText('Waiting for the network').first().waitFor();
    server.tus.away = false;
    await page.getByRole('heading', { name: 'big-model 1.0.0' }).waitFor();
    expect(
      [...server.tus.uploads.values()].filter((one) => one.name === 'big.safetensors'),
    ).to.have.length(1);
    await context.close();
  });

  it('is told of a version that exists before a byte is sent, beside its field', async () => {
    const { page, context } = await visit(server, 'ada', '#/upload');
    await page
      .locator('#files')
      .setInputFiles(
        ['model.safetensors', 'Dockerfile', 'metadata.json'].map(
          (name) => `${EXAMPLES}/digits/${name}`,
        ),
      );
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByText('digits 1.0.0 exists already.').first().waitFor();
    expect(server.tus.received).to.equal(0);
    await page
      .locator('#version-hint')
      .getByText('This version exists already. Give the next one.')
      .waitFor();
    await page.getByLabel('Version', { exact: true }).fill('1.1.0');
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByRole('heading', { name: 'digits 1.1.0' }).waitFor();
    await context.close();
  });
});

interface KeptDraft {
  sending: boolean;
  items: { url?: string }[];
}

/** Whether a reload would find all of it: where each file goes to, and `files` whole ones. */
async function kept(page: Page, { files }: { files: number }): Promise<boolean> {
  const all = await page.evaluate(async () => {
    if (!(await indexedDB.databases()).some(({ name }) => name === 'creativeflow-upload'))
      return [];
    return new Promise<(KeptDraft | 'a file')[]>((done) => {
      const opening = indexedDB.open('creativeflow-upload');
      opening.onsuccess = () => {
        const reading = opening.result.transaction('draft').objectStore('draft').getAll();
        reading.onsuccess = () => {
          opening.result.close();
          done(reading.result.map((one) => (one instanceof File ? 'a file' : (one as KeptDraft))));
        };
      };
    });
  });
  const draft = all.find((one) => one !== 'a file');
  return (
    all.length === files + 1 &&
    draft !== undefined &&
    draft.sending &&
    draft.items.length === 2 &&
    draft.items.every(({ url }) => url !== undefined)
  );
}
