import type { DeploymentWork } from '../../services/ports/odoo.ts';
import type { JobName } from '../../services/ports/jobs.ts';
import type { Command, StreamEvent } from '../../services/ports/outbox.ts';

export interface EventRow {
  position: string;
  id: number;
  create_date: Date;
  topic: string;
  company_id: number | null;
  team_id: number | null;
  model_id: number | null;
  version_id: number | null;
  deployment_id: number | null;
  endpoint_id: number | null;
  command: string | null;
  payload: Record<string, unknown> | null;
}

/**
 * Odoo keeps UTC in columns without a time zone: they are read as text and marked as what they are.
 */
export const EVENT_COLUMNS = `position, id, to_char(create_date, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, topic, company_id, team_id, model_id, version_id,
  deployment_id, endpoint_id, command, payload`;

export function toEvent(row: EventRow & { at: string }): StreamEvent {
  return {
    position: Number(row.position),
    id: row.id,
    at: row.at,
    topic: row.topic,
    companyId: row.company_id,
    teamId: row.team_id,
    modelId: row.model_id,
    versionId: row.version_id,
    deploymentId: row.deployment_id,
    endpointId: row.endpoint_id,
    command: row.command,
    payload: row.payload ?? {},
  };
}

export interface CommandRow {
  id: number;
  command: JobName;
  command_key: string;
  generation: number | null;
  work?: DeploymentWork | null;
  work_age_ms?: number | null;
}

export const COMMAND_COLUMNS = 'id, command, command_key, generation';
/** The age by the server's own clock: that of Odoo's machine and ours need not agree. */
export const WORK_COLUMNS = `payload -> 'work' AS work, 1000 * (extract(epoch FROM clock_timestamp())::float8 - (payload ->> 'workAt')::float8) AS work_age_ms`;

export function toCommand(row: CommandRow): Command {
  const known =
    row.work && typeof row.work_age_ms === 'number'
      ? { known: { work: row.work, ageMs: row.work_age_ms } }
      : {};
  return {
    eventId: row.id,
    command: row.command,
    key: row.command_key,
    generation: row.generation ?? 0,
    ...known,
  };
}
