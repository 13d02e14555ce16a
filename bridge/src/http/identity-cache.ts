import type { Whoami } from '../contract/requests.ts';
import type { Caller } from '../services/ports/odoo.ts';
import type { Clock } from '../services/ports/runtime.ts';
import type { RightsFeed } from '../services/ports/outbox.ts';

export interface Known {
  caller: Caller;
  name: string;
}
interface Kept {
  whoami: Promise<Whoami>;
  at: number;
  uid?: number;
  expires?: number;
}

const KEPT_MAX = 5_000;
/**
 * Odoo's own workers hear of a change a moment after the transaction: so long an answer may still
 * be the old one.
 */
const SETTLE_MS = 5_000;
const UNSETTLED_KEPT_MS = 1_000;

/**
 * Who somebody is, as Odoo said it lately; forgotten at once when PostgreSQL says that it changed,
 * and never kept beyond the key.
 */
export class IdentityCache {
  readonly #ask: (caller: Caller) => Promise<Whoami>;
  readonly #clock: Clock;
  readonly #rights: RightsFeed | undefined;
  readonly #people = new Map<string, Kept>();
  #settledAt = 0;

  constructor(ask: (caller: Caller) => Promise<Whoami>, clock: Clock, rights?: RightsFeed) {
    this.#ask = ask;
    this.#clock = clock;
    this.#rights = rights;
    rights?.onRights((uid) => this.forget(uid));
  }

  /**
   * Said no longer ago than `keptMs`; who asks while the answer is on its way gets the same one.
   */
  whoami({ caller, name }: Known, keptMs: number): Promise<Whoami> {
    const now = this.#clock.now().getTime();
    const kept = this.#people.get(name);
    if (kept && this.#good(kept, now, keptMs)) return kept.whoami;
    if (this.#people.size >= KEPT_MAX) this.#people.clear();
    const fresh: Kept = { whoami: this.#ask(caller), at: now };
    this.#people.set(name, fresh);
    fresh.whoami.then(
      (whoami) => {
        fresh.uid = whoami.uid;
        if (whoami.keyExpires) fresh.expires = Date.parse(whoami.keyExpires);
      },
      () => this.#drop(name, fresh),
    );
    return fresh.whoami;
  }

  /**
   * Forgets a person, and whoever is just being asked for: the answer may be from before the
   * change.
   */
  forget(uid: number | null): void {
    this.#settledAt = this.#clock.now().getTime() + SETTLE_MS;
    for (const [name, kept] of this.#people) {
      if (uid === null || kept.uid === undefined || kept.uid === uid) this.#people.delete(name);
    }
  }

  #good(kept: Kept, now: number, keptMs: number): boolean {
    if (this.#rights && !this.#rights.attentive()) return false;
    if (kept.expires !== undefined && now >= kept.expires) return false;
    return (
      now - kept.at < (kept.at < this.#settledAt ? Math.min(keptMs, UNSETTLED_KEPT_MS) : keptMs)
    );
  }

  #drop(name: string, kept: Kept): void {
    if (this.#people.get(name) === kept) this.#people.delete(name);
  }
}
