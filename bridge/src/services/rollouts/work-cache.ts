import type { DeploymentWork } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';

/**
 * What Odoo said so short a time ago need not be asked again: a rollback is to take half a second
 * in all.
 */
export const FRESH_MS = 400;

/** `readAt`: ms since 1970 by this process's clock. */
export interface KnownWork {
  work: DeploymentWork;
  readAt: number;
}

/**
 * The work that came with an order of the last moment. Never more than a shortcut: it stays in the
 * process whose relay read it, so that no other clock matters, and whatever is not here or is no
 * longer fresh is asked of Odoo.
 */
export class WorkCache {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #known = new Map<number, KnownWork>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** @param ageMs since Odoo said it */
  keep(work: DeploymentWork, ageMs: number): void {
    for (const [id, { readAt }] of this.#known) if (!this.#fresh(readAt)) this.#known.delete(id);
    const readAt = this.#clock.now().getTime() - ageMs;
    if (ageMs >= 0 && this.#fresh(readAt)) this.#known.set(work.deploymentId, { work, readAt });
  }

  /** Once: a second look wants to know what is wanted by then. */
  take(deploymentId: number, generation: number): KnownWork | null {
    const known = this.#known.get(deploymentId);
    this.#known.delete(deploymentId);
    return known && known.work.generation === generation && this.#fresh(known.readAt)
      ? known
      : null;
  }

  #fresh(readAt: number): boolean {
    return this.#clock.now().getTime() - readAt < FRESH_MS;
  }
}
