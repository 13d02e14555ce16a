import { randomUUID } from 'node:crypto';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { RegisterUploads } from '../../contract/requests.ts';
import { Invalid, TooLarge, Unavailable } from '../../errors.ts';
import {
  UploadIntake,
  uploaderOf,
  type UploadDeps,
} from '../../services/uploads/multipart-upload.ts';
import { registerResumable } from '../../services/uploads/register-resumable.ts';
import type { ResumableUploads } from '../../services/uploads/resumable-uploads.ts';
import {
  digestOfHeaders,
  METADATA_MAX_BYTES,
  refused,
  type UploadField,
} from '../../services/uploads/rules.ts';
import type { Uploader } from '../../services/uploads/register.ts';
import { readStrictJson } from '../json-body.ts';
import { boundaryOf, MultipartReader, type PartHead, type PartSink } from './multipart.ts';
import { answerEarly, pumpBody, readBody } from './request-body.ts';
import { tusRouter, type RequestIdentity } from './tus/router.ts';

export interface UploadRouterDeps extends UploadDeps, RequestIdentity {
  uploads: ResumableUploads;
}

/** Uploads of this process at the same time; each holds at least one part in memory. */
const UPLOADS_AT_ONCE_MAX = 32;
/** Dockerfile, metadata and boundaries beside the files. */
const FORM_ALLOWANCE_BYTES = 8 * 1024 * 1024;

/**
 * Everything by which bytes come in: `POST /mlops/models/upload` (multipart), `/mlops/uploads`
 * (tus), `POST /mlops/models` (registers finished tus uploads). Mount it before any parser of
 * bodies.
 */
export function uploadRouter(deps: UploadRouterDeps): Router {
  const router = express.Router();
  let running = 0;

  router.post(
    '/mlops/models/upload',
    async (request: Request, response: Response, next: NextFunction) => {
      let counted = 0;
      try {
        // a place is for people that we know
        const by = await uploaderOf(deps.odoo, deps.callerOf(request), deps.requestIdOf(request));
        counted = 1;
        running += counted;
        if (running > UPLOADS_AT_ONCE_MAX) {
          throw new Unavailable('Too many uploads run at the moment.', {
            code: 'uploads-busy',
            remedy: 'Try again in a minute.',
            retryAfterSeconds: 60,
          });
        }
        response.status(202).json(await receive(deps, by, request, response));
      } catch (error) {
        answerEarly(request, response);
        next(error);
      } finally {
        running -= counted;
      }
    },
  );

  router.post('/mlops/models', async (request: Request, response: Response) => {
    const by = await uploaderOf(deps.odoo, deps.callerOf(request), deps.requestIdOf(request));
    const key = idempotencyKey(request, response);
    const parsed = RegisterUploads.safeParse(
      request.body ??
        readStrictJson(await readBody(request, METADATA_MAX_BYTES), '', 'metadata-invalid'),
    );
    if (!parsed.success) {
      const errors = parsed.error.issues.map((issue) => ({
        field: issue.path.join('.'),
        reason: issue.message,
      }));
      throw new Invalid(
        `The request is invalid: ${errors.map(({ field, reason }) => `${field}: ${reason}`).join('; ')}.`,
        { code: 'metadata-invalid', errors },
      );
    }
    response.status(202).json(await registerResumable(deps, by, key, parsed.data));
  });

  router.use('/mlops/uploads', tusRouter(deps));
  return router;
}

async function receive(deps: UploadRouterDeps, by: Uploader, request: Request, response: Response) {
  const boundary = boundaryOf(request.headers['content-type']);
  if (Number(request.headers['content-length'] ?? 0) > deps.maxBytes + FORM_ALLOWANCE_BYTES) {
    throw new TooLarge(
      `The upload is larger than ${deps.maxBytes} bytes, the most that is accepted.`,
      {
        code: 'upload-too-large',
        remedy: 'Send a smaller file, or have the limit raised (UPLOAD_MAX_BYTES).',
        errors: [{ field: 'modelFile', reason: `larger than ${deps.maxBytes} bytes` }],
      },
    );
  }
  const key = idempotencyKey(request, response);
  const intake = new UploadIntake(deps, by, key.value, key.named);
  const ofRequest = digestOfHeaders({
    'repr-digest': request.headers['repr-digest'],
    digest: request.headers['digest'],
  });
  const reader = new MultipartReader(boundary, async (head) => sinkFor(intake, head, ofRequest));
  try {
    await pumpBody(request, (chunk) => reader.write(chunk));
    reader.end();
    return await intake.finish();
  } catch (error) {
    // Whatever happened to the request is told, also when the storage is not there to clean up in:
    // the collector does it later.
    await intake.abort().catch(() => undefined);
    throw error;
  }
}

function sinkFor(intake: UploadIntake, head: PartHead, ofRequest: string | undefined): PartSink {
  if (head.name === 'metadata')
    return textSink('metadata', METADATA_MAX_BYTES, (text) => intake.metadata(text));
  if (head.name !== 'modelFile' && head.name !== 'dockerfile' && head.name !== 'sideFiles') {
    throw refused(
      head.name.slice(0, 60),
      'there is no such field',
      'The fields are modelFile, dockerfile, metadata and sideFiles.',
    );
  }
  const field: UploadField = head.name;
  return intake.file(
    field,
    head.filename,
    head.headers['content-type'],
    digestOfHeaders(head.headers) ?? (field === 'modelFile' ? ofRequest : undefined),
  );
}

function textSink(
  field: string,
  maxBytes: number,
  then: (text: string) => Promise<void>,
): PartSink {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    write(chunk) {
      size += chunk.length;
      if (size > maxBytes)
        throw refused(field, `it is larger than ${maxBytes} bytes`, 'Send less.');
      chunks.push(Buffer.from(chunk));
      return undefined;
    },
    end: () => then(Buffer.concat(chunks).toString('utf8')),
  };
}

/**
 * The client's key, or a new one; the answer names it, so that the same request can be sent again.
 */
function idempotencyKey(request: Request, response: Response): { value: string; named: boolean } {
  const header = request.headers['idempotency-key'];
  if (header !== undefined && !/^[\x21-\x7e]{1,200}$/.test(String(header)))
    throw refused(
      'Idempotency-Key',
      'it must be 1 to 200 printable characters without blanks',
      'Use a UUID.',
    );
  const value = header === undefined ? randomUUID() : String(header);
  response.setHeader('Idempotency-Key', value);
  return { value, named: header !== undefined };
}
