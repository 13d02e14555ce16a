import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, run } from '../../run.ts';
import { saveSecrets } from '../../secrets.ts';
import { ODOO_DATABASE, REGISTRY_NAME, type StackContext } from '../../server.ts';
import { launcher, odooFolder } from './configuration.ts';

/**
 * Companies, people, service accounts and their keys, by seed.py in Odoo's own shell. Nothing
 * happens while what it is given stays the same.
 */
export async function seed(context: StackContext): Promise<void> {
  const script = readFileSync(join(import.meta.dirname, 'seed.py'), 'utf8');
  const marker = join(odooFolder(context), 'seed.digest');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === digestOf(script, wanted(context)))
    return;
  context.report('seeding companies, people and keys');
  const given = { ...process.env, CREATIVEFLOW_SEED: JSON.stringify(wanted(context)) };
  const output = await run(
    launcher(context),
    ['shell', '-d', ODOO_DATABASE, '--no-http', '--log-level=warn'],
    { input: script, env: given },
  );
  const answer = /^SEED (\{.*\})$/m.exec(output)?.[1];
  if (!answer) throw new Error(`Odoo could not be seeded:\n${lastLines(output)}`);
  Object.assign(context.secrets, JSON.parse(answer) as { bridgeKey: string; n8nKey: string });
  saveSecrets(context.state, context.secrets);
  writeFileSync(marker, digestOf(script, wanted(context)));
}

/** What seed.py is given. */
function wanted({ secrets, ports }: StackContext): object {
  return {
    people: Object.fromEntries(
      Object.entries(secrets)
        .filter(([name]) => name.startsWith('password_'))
        .map(([name, value]) => [name.slice('password_'.length), value]),
    ),
    receiptSecret: secrets['receiptSecret'],
    bridgeKey: secrets['bridgeKey'] ?? '',
    n8nKey: secrets['n8nKey'] ?? '',
    gatewayUrl: `http://127.0.0.1:${ports.traefikWeb}`,
    publicUrl: `https://127.0.0.1:${ports.nginxHttps}`,
    endpointsUrl: `https://127.0.0.1:${ports.nginxEndpoints}`,
    registry: `${REGISTRY_NAME}:${ports.registry}`,
  };
}

function digestOf(script: string, given: object): string {
  return createHash('sha256').update(script).update(JSON.stringify(given)).digest('hex');
}
