import express, { type Request, type Response, type NextFunction, type Router } from 'express';
import { BridgeError, PreconditionFailed } from '../../../errors.ts';
import { uploaderOf } from '../../../services/uploads/multipart-upload.ts';
import type { Caller } from '../../../services/ports/odoo.ts';
import { answerEarly } from '../request-body.ts';
import { TusDelete } from './delete.ts';
import { TusHead } from './head.ts';
import { TusOptions } from './options.ts';
import { TusPatch } from './patch.ts';
import { TusPost } from './post.ts';
import { TUS_VERSION, type TusDeps, type TusVerb } from './protocol.ts';

export interface RequestIdentity {
  callerOf(request: Request): Caller;
  requestIdOf(request: Request): string;
}

/** tus 1.0, to be mounted at `/mlops/uploads`. */
export function tusRouter(deps: TusDeps & RequestIdentity): Router {
  const router = express.Router();
  const options = new TusOptions(deps.uploads.maxBytes);
  const verbs: Record<'POST' | 'HEAD' | 'PATCH' | 'DELETE', TusVerb> = {
    POST: new TusPost(deps),
    HEAD: new TusHead(deps),
    PATCH: new TusPatch(deps),
    DELETE: new TusDelete(deps),
  };

  const handle = async (
    request: Request,
    response: Response,
    next: NextFunction,
  ): Promise<void> => {
    // "X-HTTP-Method-Override … the Server MUST interpret it as the request's method"
    const method = String(
      request.headers['x-http-method-override'] ?? request.method,
    ).toUpperCase();
    if (method === 'OPTIONS') return options.handle(request, response);
    const verb = verbs[method as keyof typeof verbs];
    if (!verb || (method === 'POST') !== (request.params['id'] === undefined)) return next();
    response.setHeader('Tus-Resumable', TUS_VERSION);
    try {
      // "If the version specified by the Client is not supported by the Server, it MUST respond
      // with the 412 Precondition Failed status and MUST include the Tus-Version header. The Server
      // MUST NOT process the request."
      if (request.headers['tus-resumable'] !== TUS_VERSION) {
        response.setHeader('Tus-Version', TUS_VERSION);
        throw new PreconditionFailed(`This is tus ${TUS_VERSION}.`, {
          code: 'tus-version',
          remedy: `Send Tus-Resumable: ${TUS_VERSION}.`,
        });
      }
      await verb.handle(
        request,
        response,
        await uploaderOf(deps.odoo, deps.callerOf(request), deps.requestIdOf(request)),
      );
    } catch (error) {
      answerEarly(request, response);
      // Stock clients begin anew at any answer to HEAD but yes or "locked"; after a lost line they
      // ask again.
      if (method === 'HEAD' && !(error instanceof BridgeError && error.status < 500))
        response.destroy();
      next(error);
    }
  };
  router.all('/', handle);
  router.all('/:id', handle);
  return router;
}
