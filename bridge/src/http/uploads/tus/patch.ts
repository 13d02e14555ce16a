import type { Request, Response } from 'express';
import { UnsupportedType } from '../../../errors.ts';
import type { Uploader } from '../../../services/uploads/register.ts';
import { answerEarly } from '../request-body.ts';
import { appendBody } from './append-body.ts';
import {
  BODY_TYPE,
  checksum,
  expires,
  idOf,
  integer,
  type TusDeps,
  type TusVerb,
} from './protocol.ts';

/**
 * "The Server SHOULD accept PATCH requests against any upload URL and apply the bytes contained in
 * the message at the given offset."
 */
export class TusPatch implements TusVerb {
  readonly #deps: TusDeps;
  constructor(deps: TusDeps) {
    this.#deps = deps;
  }

  async handle(request: Request, response: Response, by: Uploader): Promise<void> {
    // "All PATCH requests MUST use Content-Type: application/offset+octet-stream, otherwise the
    // server SHOULD return a 415."
    if (request.headers['content-type'] !== BODY_TYPE) {
      throw new UnsupportedType(`A PATCH must have the type ${BODY_TYPE}.`, {
        code: 'tus-content-type',
        remedy: `Send Content-Type: ${BODY_TYPE}.`,
      });
    }
    const offset = integer(request.headers, 'upload-offset');
    const append = { offset, checksum: checksum(request.headers) };
    const info = await this.#deps.uploads.find(idOf(request), by.uid);
    // "If the offsets do not match, the Server MUST respond with the 409 Conflict status without
    // modifying the upload resource."
    const now = await appendBody(this.#deps.uploads, info, append, request);
    // "The Server MUST acknowledge successful PATCH requests with the 204 No Content status. It
    // MUST include the Upload-Offset header."
    response.setHeader('Upload-Offset', String(now));
    expires(response, info);
    answerEarly(request, response); // a newer request may have taken over in mid-body
    response.status(204).end();
  }
}
