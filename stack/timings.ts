import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long each server took, this time and the last time (`.stack/timings.json`). */
export class Timings {
  readonly #file: string;
  readonly #last: Record<string, number>;
  readonly #now: Record<string, number> = {};

  constructor(state: string) {
    this.#file = join(state, 'timings.json');
    this.#last = existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, number>) : {};
  }

  record(name: string, ms: number): void {
    this.#now[name] = ms;
    writeFileSync(this.#file, JSON.stringify({ ...this.#last, ...this.#now }));
  }

  describe(name: string, ms: number): string {
    const last = this.#last[name];
    return `${seconds(ms)}${last === undefined ? '' : `, last time ${seconds(last)}`}`;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
