import type { Server } from '../../server.ts';
export const containerd: Server = { name: 'containerd', needs: [], readyDeadlineMs: 1000, install: async () => undefined, start: async () => undefined, ready: async () => false, stop: async () => undefined, logs: () => [] };
