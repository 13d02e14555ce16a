import { once } from 'node:events';
import type { Server } from 'node:http';

/** Listens where the cluster's rules let pods reach a bridge: on the first free port of those. */
export async function listenAsGate(
  server: Server,
  host: string,
  [first, last]: [number, number] = [0, 0],
): Promise<void> {
  for (let port = first; port <= last; port++) {
    server.listen(port, host);
    const taken = await once(server, 'listening').then(
      () => false,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error;
        return true;
      },
    );
    if (!taken) return;
  }
  throw new Error(`No port from ${first} to ${last} is free on ${host}: end what listens there.`);
}
