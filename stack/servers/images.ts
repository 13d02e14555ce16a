import type { Server } from '../server.ts';
export const images: Server = { name: 'images', needs: [], readyDeadlineMs: 1000, install: async () => undefined, start: async () => undefined, ready: async () => false, stop: async () => undefined, logs: () => [] };
