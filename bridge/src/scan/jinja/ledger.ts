import { NOTHING, sized, type Bounds } from './bounds.ts';
import { Endless } from './endless.ts';

/** characters of one value */
const SIZE_MAX = 64_000_000;
/** characters of all that the template writes */
const OUT_MAX = 1_000_000_000;
/** steps that a renderer takes */
const WORK_MAX = 1_000_000_000;
/** a number that long takes time to write and to multiply */
const NUMBER_MAX = 1e30;
/** steps of this reading itself */
const STEPS_MAX = 300_000;
/** What the renderer does and writes, among the names of the template. */
export const WORK = ' work';
export const OUT = ' out';

/** The bounds of what names stand for; throws Endless where one is beyond all reason. */
export class Ledger {
  readonly values = new Map<string, Bounds>([
    [WORK, NOTHING],
    [OUT, NOTHING],
  ]);
  private steps = 0;

  /** What is written meanwhile is the content of a macro or of a block. */
  written(write: () => void): number {
    const before = this.values.get(OUT)!;
    write();
    const size = this.values.get(OUT)!.size - before.size;
    this.values.set(OUT, before);
    return size;
  }

  keep(name: string, value: Bounds, at: number): void {
    if (name === WORK && value.size > WORK_MAX)
      throw new Endless('The loops take too many steps.', at);
    if (name === OUT && value.size > OUT_MAX)
      throw new Endless('The text that the template writes has no reasonable end.', at);
    this.values.set(name, name === WORK || name === OUT ? value : this.check(value, at));
  }

  add(name: string, size: number, at: number): void {
    this.keep(name, sized(this.values.get(name)!.size + size), at);
  }

  spend(steps: number, at: number): void {
    this.steps += steps;
    if (this.steps > STEPS_MAX)
      throw new Endless('There are too many loops in loops to tell how long they take.', at);
    this.add(WORK, steps, at);
  }

  /** Steps of this reading that take a renderer none. */
  read(steps: number): void {
    this.steps += steps;
  }

  check(value: Bounds, at: number): Bounds {
    if (!(value.size <= SIZE_MAX))
      throw new Endless('A text or list becomes larger than any chat needs.', at);
    if (!(value.number <= NUMBER_MAX))
      throw new Endless('A number becomes larger than any chat needs.', at);
    return value;
  }
}
