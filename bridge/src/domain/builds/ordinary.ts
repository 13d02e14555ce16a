/** Why a build has to be an ordinary one: `why` names the cause in a word. */
export class Ordinary extends Error {
  readonly why: string;
  constructor(cause: string, reason: string) {
    super(reason);
    this.why = cause;
  }
}
