import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PortName, Ports } from './ports.ts';
import { portVariable } from './ports.ts';
import { stateFolder } from './private-file.ts';
import { runningDaemons } from './process.ts';

/**
 * The ports of the last `up`: later commands and tests find the servers there without being told
 * again.
 */
export function keptPorts(state: string): Partial<Ports> {
  const file = portsFile(state);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Ports>) : {};
}

/** Notes down the ports of this start. Servers that run with other ones must be stopped first. */
export function keepPorts(context: { state: string; ports: Ports }): void {
  const kept = keptPorts(context.state);
  const changed = (Object.keys(context.ports) as PortName[]).filter(
    (name) => kept[name] !== undefined && kept[name] !== context.ports[name],
  );
  if (changed.length > 0 && runningDaemons(context).length > 0) {
    const name = changed[0]!;
    throw new Error(
      `The servers here run with other ports (${portVariable(name)} was ${kept[name]}, now ${context.ports[name]}). Stop them first: npm run stack -- down`,
    );
  }
  stateFolder(context.state);
  writeFileSync(portsFile(context.state), `${JSON.stringify(context.ports, null, 2)}\n`);
}

function portsFile(state: string): string {
  return join(state, 'ports.json');
}
