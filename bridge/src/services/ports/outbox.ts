import type { DeploymentWork } from './odoo.ts';
import type { JobName, JobPayload } from './jobs.ts';

/** One row of the journal with its place in the stream. */
export interface StreamEvent {
  position: number;
  id: number;
  at: string;
  topic: string;
  companyId: number | null;
  teamId: number | null;
  modelId: number | null;
  versionId: number | null;
  deploymentId: number | null;
  endpointId: number | null;
  /** orders to the bridge are no news for people */
  command: string | null;
  payload: Record<string, unknown>;
}

export interface JournalReader {
  /** events after a position, in order, without a gap; at most `limit` */
  after(position: number, limit: number): Promise<StreamEvent[]>;
  /** the last position given; 0 before the first */
  head(): Promise<number>;
  /** a hint that there is more to read; answers how to stop listening */
  onAppend(callback: () => void): () => void;
}

/**
 * What PostgreSQL tells of people's rights: a key removed, a role given or taken, a person
 * archived, a password changed.
 */
export interface RightsFeed {
  /** with whose rights may have changed; null: anybody's. Answers how to stop listening */
  onRights(callback: (uid: number | null) => void): () => void;
  /**
   * whether changes are heard at all now; if not, nothing may be believed that was not just said
   */
  attentive(): boolean;
}

/** An order to the bridge that is not done yet. */
export interface Command {
  eventId: number;
  command: JobName;
  key: string;
  generation: number;
  /**
   * what Odoo wanted when it gave the order, where that is in the order itself, and how long ago
   */
  known?: { work: DeploymentWork; ageMs: number };
}

/** The outbox as the one active relay uses it. */
export interface OutboxLease {
  /** gives every unplaced event its place in the stream, in one statement; answers how many */
  place(): Promise<number>;
  /** commands that are not done: only the ones never handed to a queue, or all of them */
  commands(which: 'undispatched' | 'undone'): Promise<Command[]>;
  markDispatched(eventIds: number[]): Promise<void>;
  /** older generations of the same thing need not be done any more */
  supersede(commands: Command[]): Promise<void>;
  /** resolves when the lease is lost: connection cut, server gone */
  lost: Promise<void>;
  release(): Promise<void>;
}

export interface Outbox {
  /**
   * the lease when nobody else holds it, else null; `onEvent` hints that a transaction wrote an
   * event
   */
  tryLead(onEvent: () => void): Promise<OutboxLease | null>;
  /**
   * marks a command done, with what it superseded; answers a newer one for the same thing that
   * still waits
   */
  finish(command: Command): Promise<Command | null>;
  close(): Promise<void>;
}

/** Queues that may be lost. */
export interface JobQueues {
  /** adds a job unless it is there already */
  add(name: JobName, payload: JobPayload): Promise<void>;
  /** true the first time after the queues were emptied (and at the very first start) */
  wereEmptied(): Promise<boolean>;
}

/** What a job in a queue carries beside its payload. */
export interface JobData {
  payload: JobPayload;
  attempt: number;
}

/** The queues as those who work them off see them. */
export interface WorkQueues extends JobQueues {
  work(name: JobName, concurrency: number, run: (data: JobData, id: string) => Promise<void>): void;
  /** the next look of a running job, beside the id that it holds */
  addNext(name: JobName, data: JobData, heldId: string, delayMs: number): Promise<void>;
  /** takes no new job here; other bridges go on */
  rest(): Promise<void>;
}
