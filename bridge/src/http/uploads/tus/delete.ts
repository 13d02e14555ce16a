import type { Request, Response } from 'express';
import type { Uploader } from '../../../services/uploads/register.ts';
import { idOf, type TusDeps, type TusVerb } from './protocol.ts';

/**
 * "When receiving a DELETE request for an existing upload the Server SHOULD free associated
 * resources and MUST respond with the 204 No Content status."
 */
export class TusDelete implements TusVerb {
  readonly #deps: TusDeps;
  constructor(deps: TusDeps) {
    this.#deps = deps;
  }

  async handle(request: Request, response: Response, by: Uploader): Promise<void> {
    await this.#deps.uploads.remove(await this.#deps.uploads.find(idOf(request), by.uid));
    response.status(204).end();
  }
}
