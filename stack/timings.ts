import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * How long each server took, this time and the last time (`.stack/timings.json`). Waiting for other
 * servers is not counted.
 */
export class Timings {
  readonly #file: string;
  readonly #last: Record<string, number>;
  readonly #now: Record<string, number> = {};

  constructor(state: string) {
    this.#file = join(state, 'timings.json');
    this.#last = read(this.#file);
  }

  /** Notes the time down, and says it beside the last one: "1.3 s, last time 4.0 s". */
  record(name: string, ms: number): string {
    this.#now[name] = Math.round(ms);
    writeFileSync(this.#file, `${JSON.stringify({ ...this.#last, ...this.#now })}\n`);
    const last = this.#last[name];
    return `${seconds(ms)}${last === undefined ? '' : `, last time ${seconds(last)}`}`;
  }
}

function read(file: string): Record<string, number> {
  try {
    return existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>)
      : {};
  } catch {
    return {}; // cut off by a kill: only a comparison is lost
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
