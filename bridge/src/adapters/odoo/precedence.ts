/**
 * What traffic waits for; Odoo answers calls that run at once in turns, so the bridge's own stand
 * back for it.
 */
const URGENT = new Set(['rollback', 'abort']);
/** Longer than any of them takes; a call that hangs holds nobody up for more. */
const STAND_BACK_MS = 500;

/** Lets the bridge's own calls begin only while no urgent one of a person is on its way. */
export class Precedence {
  #running = 0;
  #over: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  /** Runs a person's call; those of these names go before the bridge's own. */
  async person<T>(method: string, call: () => Promise<T>): Promise<T> {
    if (!URGENT.has(method)) return call();
    if (this.#running++ === 0) this.#over = new Promise((resolve) => (this.#release = resolve));
    try {
      return await call();
    } finally {
      if (--this.#running === 0) this.#release();
    }
  }

  async service<T>(call: () => Promise<T>): Promise<T> {
    if (this.#running > 0) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        this.#over,
        new Promise<void>((resolve) => (timer = setTimeout(resolve, STAND_BACK_MS))),
      ]);
      clearTimeout(timer);
    }
    return call();
  }
}
