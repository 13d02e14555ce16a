import type { Server } from '../../server.ts';
export const kubernetes: Server = { name: 'kubernetes', needs: [], readyDeadlineMs: 1000, install: async () => undefined, start: async () => undefined, ready: async () => false, stop: async () => undefined, logs: () => [] };
