import type { Server } from './server.ts';

/**
 * The named servers and all that they need, each after what it needs. Unknown names and circles are
 * errors.
 */
export function inStartOrder(servers: readonly Server[], names: readonly string[] = []): Server[] {
  const byName = new Map(servers.map((server) => [server.name, server]));
  const ordered: Server[] = [];
  const open = new Set<string>();
  const visit = (name: string, wantedBy: string): void => {
    const server = byName.get(name);
    if (!server)
      throw new Error(
        `There is no server "${name}" (wanted by ${wantedBy}). Known: ${[...byName.keys()].join(', ')}.`,
      );
    if (ordered.includes(server)) return;
    if (open.has(name))
      throw new Error(`Servers need each other in a circle: ${[...open, name].join(' → ')}.`);
    open.add(name);
    for (const need of server.needs) visit(need, name);
    open.delete(name);
    ordered.push(server);
  };
  for (const name of names.length > 0 ? names : byName.keys()) visit(name, 'you');
  return ordered;
}
