import type { Logger } from './runtime.ts';

export type JobName = 'scan' | 'build' | 'inventory' | 'reconcile' | 'webhook';
/** A job's payload: only what names the work; the work itself is read again from Odoo. */
export interface JobPayload {
  eventId: number;
  key: string;
  generation: number;
  subjectId: number;
  requestId?: string;
}
/**
 * How a job ends: done, or look again after a while. A thrown BridgeError is retried with back-off.
 */
export type JobResult = { done: true } | { done: false; againInMs: number; why: string };
export interface JobContext {
  log: Logger;
  signal: AbortSignal;
  requestId: string;
}
export type JobHandler = (payload: JobPayload, context: JobContext) => Promise<JobResult>;
