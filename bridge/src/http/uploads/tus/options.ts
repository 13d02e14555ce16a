import type { Request, Response } from 'express';
import { CHECKSUM_ALGORITHMS, TUS_EXTENSIONS, TUS_VERSION } from './protocol.ts';

/**
 * "An OPTIONS request MAY be used to gather information about the Server's current configuration."
 * It needs no login.
 */
export class TusOptions {
  readonly #maxBytes: number;
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  handle(_request: Request, response: Response): void {
    response.setHeader('Tus-Resumable', TUS_VERSION);
    response.setHeader('Tus-Version', TUS_VERSION);
    response.setHeader('Tus-Extension', TUS_EXTENSIONS.join(','));
    response.setHeader('Tus-Max-Size', String(this.#maxBytes));
    response.setHeader('Tus-Checksum-Algorithm', CHECKSUM_ALGORITHMS.join(','));
    response.status(204).end();
  }
}
