/**
 * Where on the stack something lies that must be looked at when it is taken away: names of special
 * methods, and functions that may be called and not be kept. The fast loop leaves such places to
 * the slow one.
 */
export class Places {
  /** in rising order */
  private readonly indexes: number[] = [];
  /** there was one in this pickle */
  any = false;

  /** The value that is pushed to the place `index` is one. */
  lay(index: number): void {
    this.any = true;
    this.highest(index);
    this.indexes.push(index);
  }

  /** The highest such place of a stack of so many values; -1: there is none. */
  highest(length: number): number {
    const { indexes } = this;
    while (indexes.length > 0 && indexes[indexes.length - 1]! >= length) indexes.pop();
    return indexes.length > 0 ? indexes[indexes.length - 1]! : -1;
  }
}
