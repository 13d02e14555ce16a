import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FindingView, VersionDetail } from '../bridge/src/contract/version.ts';
import { Client, digit, sample } from '../e2e/client.ts';
import { allowCanaries } from '../e2e/canary-pipeline.ts';
import { canary } from './canary.ts';
import { readEndpointsLikeN8n } from '../e2e/n8n.ts';
import { heading, step, total } from './steps.ts';

const HELP = `npm run demo [-- --keep] [-- --help]

Installs and starts every server on this machine, then takes the sample model along the whole pipeline:
upload → scan → approve → staging → promote → live → known to n8n. Then a next version goes live as a canary,
a third one is aborted by its traffic, and a malicious model is refused.

  --keep   leave everything running and print the addresses and logins
`;

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}
const keep = process.argv.includes('--keep');
const root = join(import.meta.dirname, '..');
let failed = false;
try {
  heading('The servers');
  stack('up');
  step('every server is up');
  await runPipeline();
} catch (error) {
  failed = true;
  process.stderr.write(`\n✖ ${error instanceof Error ? error.message : String(error)}\n`);
}
if (!keep) stack('down');
process.stdout.write(
  `\n${failed ? 'The demo failed' : 'The pipeline ran to its end'} in ${total()}.\n`,
);
process.exit(failed ? 1 : 0);

// eslint-disable-next-line max-lines-per-function -- one story, told from the beginning to the end
async function runPipeline(): Promise<void> {
  const name = `digits-${randomBytes(2).toString('hex')}`; // so that the demo can run twice
  const [ada, ben] = [await Client.as('ada'), await Client.as('ben')];
  step('ada (data scientist) and ben (approver) are logged in with their Odoo accounts');

  heading(`The pipeline of ${name} 1.0.0`);
  const uploaded = await ada.upload(sample('digits', name));
  if (uploaded.status !== 202)
    throw new Error(`the upload was refused: ${JSON.stringify(uploaded.body)}`);
  const ids = uploaded.body;
  step(
    `ada uploaded it: ${ids.initialStatus}`,
    ids.artifacts.map((one) => `${one.filename}  ${one.size} bytes  ${one.digest}`).join('\n'),
  );
  const scanned = await ada.reaches(ids, 'Validated');
  step(
    `scanned: ${scanned.scan?.verdict}, rules ${scanned.scan?.rulesetVersion}`,
    findingLines(scanned.findings),
  );
  const own = await ada.act(ids, 'deploy', { target: 'staging', seen: scanned.lockVersion });
  step(`ada may not approve it herself: ${own.status}`, own.body.detail);
  await accepted(
    ben.act(ids, 'deploy', { target: 'staging', seen: scanned.lockVersion, comment: 'demo' }),
  );
  step('ben approved it for staging');
  const staged = await ben.reaches(ids, 'Staging', 300_000);
  step(
    `built and deployed to staging`,
    `${staged.image}@${staged.imageDigest}\n${staged.stagingEndpointUrl}`,
  );
  await predict(ben, staged.stagingEndpointUrl!, name, 'staging');
  await accepted(
    ben.act(ids, 'promote', {
      target: 'production',
      strategy: 'blue-green',
      seen: staged.lockVersion,
      comment: 'demo',
    }),
  );
  step('ben promoted it, blue-green');
  const live = await ben.reaches(ids, 'Live', 180_000);
  step('live', live.prodEndpointUrl ?? '');
  await predict(ben, live.prodEndpointUrl!, name, 'production, through nginx and the gateway');
  const rows = await readEndpointsLikeN8n(ada.facts, name);
  step(
    "the endpoints as n8n's Odoo node reads them",
    rows.map((row) => JSON.stringify(row)).join('\n'),
  );

  heading('The next versions, as canaries');
  await allowCanaries();
  step('mia asked for canaries in production, a second manager accepted');
  const second = await canary(ada, ben, sample('digits-v2', name), live);
  if (second.status !== 'Live')
    throw new Error(`2.0.0 is ${second.status}: ${second.statusReason ?? ''}`);
  const third = await canary(ada, ben, sample('digits-v3', name), live);
  if (third.status !== 'ProdFailed')
    throw new Error(`3.0.0 should have been condemned by its traffic, and is ${third.status}`);

  heading('A malicious model');
  const bad = await ada.upload(sample('malicious', `${name}-evil`));
  if (bad.status !== 202) throw new Error(`the upload was refused: ${JSON.stringify(bad.body)}`);
  const refused = await ada.reaches(bad.body, 'ValidationFailed');
  step(`refused: ${refused.statusReason}`, findingLines(refused.findings));
  const forced = await ben.act(bad.body, 'deploy', {
    target: 'staging',
    seen: refused.lockVersion,
  });
  step(`and cannot be approved: ${forced.status}`, forced.body.detail);
  if (keep) {
    heading('Running');
    const { facts } = ada;
    process.stdout.write(
      `    web app   ${facts.publicUrl}/app/\n    Odoo      ${facts.publicUrl}/odoo\n    endpoint  ${live.prodEndpointUrl}\n`,
    );
    for (const login of ['ada', 'ben', 'mia', 'vera', 'olga', 'admin'])
      process.stdout.write(`    login     ${login} / ${facts.passwords[login]}\n`);
    process.stdout.write(
      `    authority ${facts.caFile} (trust it, or accept the certificate)\n    stop it with: npm run stack -- down\n`,
    );
  }
  await Promise.all([ada.close(), ben.close()]);
}

async function accepted(action: ReturnType<Client['act']>): Promise<void> {
  const answer = await action;
  if (answer.status !== 202)
    throw new Error(`refused with ${answer.status}: ${JSON.stringify(answer.body)}`);
}

async function predict(client: Client, url: string, model: string, where: string): Promise<void> {
  const answer = await client.infer(url, model, digit());
  const outputs = answer.body.outputs;
  if (answer.status !== 200 || !outputs)
    throw new Error(`${where} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  step(
    `${where} read a real digit`,
    outputs.map((output) => `${output.name}: ${JSON.stringify(output.data)}`).join('\n'),
  );
}

function findingLines(findings: VersionDetail['findings']): string {
  const where = (finding: FindingView): string =>
    finding.line ? `:${finding.line}` : finding.offset != null ? ` at byte ${finding.offset}` : '';
  return (
    findings
      .slice(0, 6)
      .map(
        (finding) =>
          `${finding.severity} ${finding.rule}: ${finding.file}${where(finding)} ${finding.symbol ?? ''}: ${finding.why}`,
      )
      .join('\n') || 'no findings'
  );
}

function stack(command: 'up' | 'down'): void {
  const done = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(root, 'stack/cli.ts'), command],
    { cwd: root, stdio: 'inherit' },
  );
  if (done.status !== 0) throw new Error(`the stack did not come ${command}`);
}
