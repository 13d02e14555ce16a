/**
 * One tree of errors. An adapter translates its library's error once; the HTTP edge renders it once
 * (RFC 9457).
 */
export interface FieldError {
  field: string;
  reason: string;
  remedy?: string;
}

export interface ProblemOptions {
  /** kebab-case, the heading in docs/problems.md */
  code: string;
  remedy?: string;
  errors?: FieldError[];
  cause?: unknown;
  /** seconds after which trying again makes sense */
  retryAfterSeconds?: number;
}

export abstract class BridgeError extends Error {
  abstract readonly status: number;
  readonly code: string;
  readonly remedy: string | undefined;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: ProblemOptions) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.remedy = options.remedy;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** What is asked for does not exist, or the caller may not know that it does. */
export class NotFound extends BridgeError {
  readonly status = 404;
}
/** Nobody is logged in, or no longer. */
export class Unauthenticated extends BridgeError {
  readonly status = 401;
}
/** The caller is known and may not do this. */
export class Forbidden extends BridgeError {
  readonly status = 403;
}
/** Somebody else changed it first, or the state does not allow it. */
export class Conflict extends BridgeError {
  readonly status = 409;
}
/** The request itself is wrong; `errors` names the fields. */
export class Invalid extends BridgeError {
  readonly status = 422;
}
export class TooLarge extends BridgeError {
  readonly status = 413;
}
export class TooMany extends BridgeError {
  readonly status = 429;
}
/** A part we need does not answer now; trying again later makes sense. */
export class Unavailable extends BridgeError {
  readonly status = 503;
}
/** A fault of ours or of a part, which trying again would not mend. */
export class Failed extends BridgeError {
  readonly status = 500;
}
/** The storage has no room left. */
export class StorageFull extends BridgeError {
  readonly status = 507;
}

export class PreconditionFailed extends BridgeError {
  readonly status = 412;
}
export class UnsupportedType extends BridgeError {
  readonly status = 415;
}
export class BadRequest extends BridgeError {
  readonly status = 400;
}

/** Another request writes this upload and does not let go. */
export class Locked extends BridgeError {
  readonly status = 423;
}
/** It was there and has expired. */
export class Gone extends BridgeError {
  readonly status = 410;
}
/** tus: the bytes of this request do not have the checksum that it names. */
export class ChecksumMismatch extends BridgeError {
  readonly status = 460;
}
