import { BridgeError } from '../../errors.ts';

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
export class PreconditionFailed extends BridgeError {
  readonly status = 412;
}
export class UnsupportedType extends BridgeError {
  readonly status = 415;
}
export class BadRequest extends BridgeError {
  readonly status = 400;
}
