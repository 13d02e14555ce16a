import { existsSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { Command } from 'commander';
import { readStackFacts, stackContext } from './facts.ts';
import { takeLock } from './lock.ts';
import { inStartOrder } from './order.ts';
import { ensureSecrets } from './secrets.ts';
import type { StackContext } from './server.ts';
import { SERVERS } from './servers/index.ts';
import { up } from './up.ts';

const program = new Command('stack').description('Starts and stops every real server of CreativeFlow MLOps on this machine, on loopback alone.');

program
  .command('up')
  .description('install what is missing and start the servers (all, or the named ones and what they need)')
  .argument('[server...]', `any of: ${SERVERS.map((server) => server.name).join(', ')}`)
  .action(async (names: string[]) => {
    inStartOrder(SERVERS, names); // a wrong name is told before anything happens
    const context = open('up');
    await up(context, names);
    const facts = readStackFacts();
    process.stdout.write(`\nReady. Web app ${facts.publicUrl}/app/ · Odoo ${facts.publicUrl}/odoo · logins in .stack/secrets.json (ada, ben, mia, vera, olga, admin)\n`);
  });

program
  .command('down')
  .description('stop every server and leave no process, mount, network or firewall rule behind')
  .argument('[server...]')
  .action(async (names: string[]) => {
    const context = open('down');
    await down(context, names);
  });

program
  .command('status')
  .description('say which servers are ready')
  .action(async () => {
    const context = contextOf();
    let missing = 0;
    for (const server of SERVERS) {
      const ready = await server.ready(context).catch(() => false);
      if (!ready) missing++;
      process.stdout.write(`${ready ? '●' : '○'} ${server.name.padEnd(12)} ${ready ? 'ready' : 'not running'}\n`);
    }
    process.exitCode = missing === 0 ? 0 : 3;
  });

program
  .command('logs')
  .description("show the end of a server's log")
  .argument('<server>')
  .option('-f, --follow', 'go on as it grows')
  .action((name: string, options: { follow?: boolean }) => {
    const server = inStartOrder(SERVERS, [name]).at(-1)!;
    const files = server.logs(contextOf()).filter((file) => existsSync(file));
    if (files.length === 0) throw new Error(`${name} has no log yet: it was never started here.`);
    spawn('tail', [options.follow ? '-F' : '-n80', ...files], { stdio: 'inherit' });
  });

program
  .command('reset')
  .description('down, then forget all data: databases, models, secrets. The cache of built programs stays')
  .action(async () => {
    const context = open('reset');
    await down(context, []);
    rmSync(context.state, { recursive: true, force: true });
    process.stdout.write('Everything of this checkout was removed; `npm run stack -- up` starts anew.\n');
  });

async function down(context: StackContext, names: readonly string[]): Promise<void> {
  const servers = names.length > 0 ? SERVERS.filter((server) => names.includes(server.name)) : inStartOrder(SERVERS);
  const faults: string[] = [];
  for (const server of [...servers].reverse()) {
    await server.stop(context).then(
      () => process.stdout.write(`stopped ${server.name}\n`),
      (error: Error) => faults.push(`${server.name}: ${error.message}`),
    );
  }
  if (faults.length > 0) throw new Error(`Not everything could be stopped:\n${faults.join('\n')}`);
}

function open(command: string): StackContext {
  const base = stackContext();
  if (process.getuid?.() !== 0) throw new Error(`The stack must run as root: it starts containers and pod networks. Try: sudo npm run stack -- ${command}`);
  takeLock(base.state, command);
  return contextOf();
}

function contextOf(): StackContext {
  const base = stackContext();
  return { ...base, secrets: ensureSecrets(base.state) };
}

process.on('SIGINT', () => process.exit(130));
program.parseAsync().then(
  () => undefined,
  (error: Error) => {
    process.stderr.write(`\n${error.message}\n`);
    process.exit(1);
  },
);
