import type { Condition } from '../../contract/version.ts';

type Untimed = Omit<Condition, 'lastTransitionTime'>;

/**
 * What was reported of each deployment last, so that only changes are reported and a condition
 * keeps the time of its last transition. Lost with the process: then the same facts are reported
 * once more, which changes nothing.
 */
export class ReportCache {
  readonly #last = new Map<number, { key: string; conditions: Condition[] }>();

  readonly #seen = new Map<number, Date>();

  /** when this process met the deployment, for a deadline where Odoo names none */
  firstSeen(deploymentId: number, now: Date): Date {
    const seen = this.#seen.get(deploymentId) ?? now;
    this.#seen.set(deploymentId, seen);
    return seen;
  }

  stamp(deploymentId: number, conditions: Untimed[], now: Date): Condition[] {
    const before = this.#last.get(deploymentId)?.conditions ?? [];
    return conditions.map((condition) => {
      const same = before.find(
        (known) => known.type === condition.type && known.status === condition.status,
      );
      return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? now.toISOString() };
    });
  }

  changed(deploymentId: number, key: string): boolean {
    return this.#last.get(deploymentId)?.key !== key;
  }

  remember(deploymentId: number, key: string, conditions: Condition[]): void {
    this.#last.set(deploymentId, { key, conditions });
  }

  forget(deploymentId: number): void {
    this.#last.delete(deploymentId);
    this.#seen.delete(deploymentId);
  }
}
