import type { Request, Response } from 'express';
import type { Uploader } from '../../../services/uploads/register.ts';
import { expires, idOf, type TusDeps, type TusVerb } from './protocol.ts';

/** "The Server MUST always include the Upload-Offset header in the response for a HEAD request." */
export class TusHead implements TusVerb {
  readonly #deps: TusDeps;
  constructor(deps: TusDeps) {
    this.#deps = deps;
  }

  async handle(request: Request, response: Response, by: Uploader): Promise<void> {
    // "The Server MUST prevent the client and/or proxies from caching the response", also of a
    // refusal.
    response.setHeader('Cache-Control', 'no-store');
    const info = await this.#deps.uploads.find(idOf(request), by.uid);
    response.setHeader('Upload-Offset', String(await this.#deps.uploads.offset(info)));
    response.setHeader('Upload-Length', String(info.size));
    if (info.metadata) response.setHeader('Upload-Metadata', info.metadata);
    expires(response, info);
    response.status(200).end();
  }
}
