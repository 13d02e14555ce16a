import { Failed } from '../errors.ts';
import type { JobPayload } from '../services/ports/jobs.ts';
import type { Command } from '../services/ports/outbox.ts';

/**
 * `version:12` → a job about 12. The payload only names the work; the work itself is read again
 * from Odoo.
 */
export function payloadOf(command: Command): JobPayload {
  const subject = /^[a-z]+:(\d+)$/.exec(command.key)?.[1];
  if (subject === undefined)
    throw new Failed(
      `The command key "${command.key}" of event ${command.eventId} names nothing.`,
      { code: 'bad-command' },
    );
  return {
    eventId: command.eventId,
    key: command.key,
    generation: command.generation,
    subjectId: Number(subject),
    requestId: `event-${command.eventId}`,
  };
}
