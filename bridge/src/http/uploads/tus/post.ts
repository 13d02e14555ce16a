import type { Request, Response } from 'express';
import { checkUpload, type Uploader } from '../../../services/uploads/register.ts';
import {
  acceptedName,
  DOCKERFILE_MAX_BYTES,
  refused,
  tooLarge,
} from '../../../services/uploads/rules.ts';
import { appendBody } from './append-body.ts';
import {
  BODY_TYPE,
  checksum,
  expires,
  integer,
  locationOf,
  metadata,
  type TusDeps,
  type TusVerb,
} from './protocol.ts';

/** Creation, and creation-with-upload when the request brings a body. */
export class TusPost implements TusVerb {
  readonly #deps: TusDeps;
  constructor(deps: TusDeps) {
    this.#deps = deps;
  }

  async handle(request: Request, response: Response, by: Uploader): Promise<void> {
    // "The Client MUST send … Upload-Length"; deferred lengths are not offered: Odoo is asked
    // before any byte is taken, limits included.
    const size = integer(request.headers, 'upload-length');
    const header = String(request.headers['upload-metadata'] ?? '');
    const { filename, field, filetype, name, version, team, digest } = metadata(header);
    if (size === 0 && field !== 'sideFiles')
      throw refused(field, 'it is empty', 'Send the file itself.');
    if (field === 'dockerfile' && size > DOCKERFILE_MAX_BYTES)
      throw tooLarge(field, DOCKERFILE_MAX_BYTES);
    const accepted = acceptedName(field, filename);
    if (name && version) await checkUpload(this.#deps.odoo, by, { name, version, team }, null);
    const info = await this.#deps.uploads.create({
      owner: by.uid,
      size,
      field,
      filename: accepted,
      type: filetype ?? null,
      digest: digest ?? null,
      metadata: header,
    });
    // "The Server MUST set the Location header to the URL of the created resource. This URL MAY be
    // absolute or relative."
    response.setHeader('Location', locationOf(info.id));
    expires(response, info);
    // "If the Client includes a Content-Type: application/offset+octet-stream … the body is treated
    // as PATCH"
    if (request.headers['content-type'] === BODY_TYPE) {
      const offset = await appendBody(
        this.#deps.uploads,
        info,
        { offset: 0, checksum: checksum(request.headers) },
        request,
      );
      response.setHeader('Upload-Offset', String(offset));
    }
    response.status(201).end();
  }
}
