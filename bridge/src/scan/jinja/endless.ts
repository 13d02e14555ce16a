/** Where a template would not come to an end, or fill the memory. */
export class Endless extends Error {
  readonly at: number;

  constructor(why: string, at: number) {
    super(why);
    this.at = at;
  }
}
