import pino from 'pino';
import type { Logger } from './services/ports/runtime.ts';

/**
 * One JSON line an event: its name, ids, no prose. What could be a secret is cut out wherever it
 * stands.
 */
export function createLog(level: string): Logger {
  return pino({
    level,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    base: undefined,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: [
        'password',
        '*.password',
        'secret',
        '*.secret',
        'token',
        '*.token',
        'cookie',
        '*.cookie',
        '*.authorization',
      ],
      censor: '[cut]',
    },
  }) as unknown as Logger;
}
