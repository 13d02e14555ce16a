import { Command } from 'commander';
import { checkDisk, checkRoot } from './checks.ts';
import { down, logs, reset, status } from './commands.ts';
import { readStackFacts, stackContext } from './facts.ts';
import { takeLock } from './lock.ts';
import { inStartOrder } from './order.ts';
import { keepPorts } from './ports-kept.ts';
import { ensureSecrets, readSecrets } from './secrets.ts';
import type { StackContext } from './server.ts';
import { SERVERS } from './servers/index.ts';
import { up } from './up.ts';

const program = new Command('stack').description(
  'Starts and stops every real server of CreativeFlow MLOps on this machine, on loopback alone.',
);

program
  .command('up')
  .description(
    'install what is missing and start the servers: all, or the named ones and what they need',
  )
  .argument('[server...]', `any of: ${SERVERS.map((server) => server.name).join(', ')}`)
  .action(async (names: string[]) => {
    inStartOrder(SERVERS, names); // a wrong name is told before anything happens
    checkRoot('up');
    const base = stackContext();
    await takeLock(base.state, 'up');
    checkDisk(base.root);
    keepPorts(base);
    const from = Date.now();
    await up({ ...base, secrets: ensureSecrets(base.state) }, names);
    process.stdout.write(
      `\nReady in ${Math.round((Date.now() - from) / 1000)} s.${names.length === 0 ? addresses() : ''}\n`,
    );
  });

program
  .command('down')
  .description(
    'stop every server (or the named ones) and leave no process, mount, network or firewall rule behind; data is kept',
  )
  .argument('[server...]')
  .action(async (names: string[]) => {
    inStartOrder(SERVERS, names);
    await down(await locked('down'), names);
  });

program
  .command('status')
  .description('say which servers are ready; ends with 3 when one is not')
  .action(async () => {
    if (!(await status(context()))) process.exitCode = 3;
  });

program
  .command('logs')
  .description("show the end of a server's log")
  .argument('<server>')
  .option('-f, --follow', 'go on as it grows')
  .action((name: string, options: { follow?: boolean }) =>
    logs(context(), name, options.follow === true),
  );

program
  .command('reset')
  .description(
    'down, then forget all data: databases, models, secrets. The cache of built programs stays',
  )
  .action(async () => reset(await locked('reset')));

function context(): StackContext {
  const base = stackContext();
  return { ...base, secrets: readSecrets(base.state) };
}

async function locked(command: string): Promise<StackContext> {
  checkRoot(command);
  await takeLock(stackContext().state, command);
  return context();
}

function addresses(): string {
  const { publicUrl } = readStackFacts();
  return `\n  web app  ${publicUrl}/app/\n  Odoo     ${publicUrl}/odoo\n  logins   ada, ben, mia, vera, olga, admin: passwords in .stack/secrets.json`;
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.on(signal, () => process.exit(code));

program.parseAsync().then(
  () => process.exit(), // what is still at work after the last word is of no use
  (error: Error) => {
    process.stderr.write(`\n${error.message}\n`);
    process.exit(1);
  },
);
