import type { Clock, Logger } from '../services/ports/runtime.ts';
import type { WorkCache } from '../services/rollouts/work-cache.ts';
import type { Command, JobQueues, Outbox, OutboxLease } from '../services/ports/outbox.ts';
import { payloadOf } from './payload.ts';

export interface RelayDeps {
  outbox: Outbox;
  queues: JobQueues;
  clock: Clock;
  log: Logger;
  /** what orders bring with them is kept here for the job that follows */
  recent: Pick<WorkCache, 'keep'>;
}

/** A lost notification costs this much, never an event. */
const REREAD_MS = 60_000;
const EMPTIED_CHECK_MS = 5_000;
const TAKEOVER_MS = 1_000;
const AFTER_FAULT_MS = 2_000;

/**
 * Moves the outbox on: gives events their place in the stream and hands commands to the queues.
 * Every bridge runs one; the one that holds the lease works, the others wait to take over.
 */
export function startRelay(deps: RelayDeps): { stop(): Promise<void>; leading(): boolean } {
  const stopping = new AbortController();
  const state = { leading: false };
  const running = run(deps, stopping.signal, state);
  return {
    leading: () => state.leading,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function run(
  deps: RelayDeps,
  signal: AbortSignal,
  state: { leading: boolean },
): Promise<void> {
  while (!signal.aborted) {
    const bells: Bells = { news: new Bell(), orders: new Bell() };
    try {
      const lease = await deps.outbox.tryLead(() => {
        bells.news.ring();
        bells.orders.ring();
      });
      if (lease === null) {
        await pause(deps, TAKEOVER_MS, signal);
        continue;
      }
      deps.log.info({}, 'relay.leading');
      state.leading = true;
      try {
        await lead(deps, lease, bells, signal);
      } finally {
        state.leading = false;
        await lease.release();
      }
    } catch (error) {
      deps.log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'relay.fault',
      );
      await pause(deps, AFTER_FAULT_MS, signal);
    }
  }
}

/**
 * Events get their places and commands go to the queues side by side: what people hear does not
 * wait for Redis. Ends with the lease, with the bridge, or with a fault of either; what is still on
 * its way then can be done twice.
 */
async function lead(
  deps: RelayDeps,
  lease: OutboxLease,
  { news, orders }: Bells,
  signal: AbortSignal,
): Promise<void> {
  const ending = new AbortController();
  const ended = new Promise<void>((resolve) =>
    ending.signal.addEventListener('abort', () => resolve()),
  );
  let fault: unknown;
  const fail = (error: unknown): void => {
    fault ??= error;
    ending.abort();
  };
  const stop = (): void => ending.abort();
  void lease.lost.then(stop);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  placing(lease, news, ending.signal).catch(fail);
  dispatching(deps, lease, orders, ending.signal).catch(fail);
  await ended;
  signal.removeEventListener('abort', stop);
  news.ring();
  orders.ring();
  if (fault !== undefined) throw fault;
}

/** LISTEN came first (in tryLead), so whatever commits after this read rings the bell. */
async function placing(lease: OutboxLease, news: Bell, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    while ((await lease.place()) > 0);
    await news.wait(REREAD_MS);
  }
}

async function dispatching(
  deps: RelayDeps,
  lease: OutboxLease,
  orders: Bell,
  ending: AbortSignal,
): Promise<void> {
  await deps.queues.wereEmptied();
  await dispatch(deps, lease, 'undone');
  let rereadAt = deps.clock.now().getTime() + REREAD_MS;
  while (!ending.aborted) {
    await dispatch(deps, lease, 'undispatched');
    await orders.wait(EMPTIED_CHECK_MS);
    if (ending.aborted) return;
    const late = deps.clock.now().getTime() >= rereadAt;
    if (late) rereadAt = deps.clock.now().getTime() + REREAD_MS;
    if (late || (await deps.queues.wereEmptied())) await dispatch(deps, lease, 'undone');
  }
}

async function dispatch(
  deps: RelayDeps,
  lease: OutboxLease,
  which: 'undispatched' | 'undone',
): Promise<void> {
  const commands = await lease.commands(which);
  if (commands.length === 0) return;
  await lease.supersede(commands);
  for (const { known } of commands) if (known) deps.recent.keep(known.work, known.ageMs);
  for (const command of newest(commands))
    await deps.queues.add(command.command, payloadOf(command));
  await lease.markDispatched(commands.map((command) => command.eventId));
  deps.log.info({ commands: commands.length, which }, 'relay.dispatched');
}

/**
 * One for each thing: the job reads what is wanted now, so the newest order stands for the older
 * ones.
 */
export function newest(commands: Command[]): Command[] {
  const byThing = new Map<string, Command>();
  for (const command of commands) {
    const thing = `${command.command}:${command.key}`;
    const known = byThing.get(thing);
    if (
      !known ||
      command.generation > known.generation ||
      (command.generation === known.generation && command.eventId > known.eventId)
    )
      byThing.set(thing, command);
  }
  return [...byThing.values()];
}

function pause(deps: RelayDeps, ms: number, signal: AbortSignal): Promise<void> {
  return deps.clock.sleep(ms, signal).catch(() => undefined);
}

/** What wakes those who place events, and those who hand on commands. */
interface Bells {
  readonly news: Bell;
  readonly orders: Bell;
}

/** Waits for a ring or for time; a ring while nobody waits is kept. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
    this.#wake = undefined;
  }
}
