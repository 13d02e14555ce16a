import { BridgeError, Conflict, Failed, NotFound, Unavailable } from '../../errors.ts';

/**
 * A namespace made this second has no default service account yet; a server that starts has not
 * read all of its roles.
 */
const PASSING =
  /error looking up service account|RBAC: .*not found|not yet ready to handle request/;

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface Status {
  kind?: string;
  code?: number;
  reason?: string;
  message?: string;
  details?: { name?: string };
}

/** An answer of the API server that is a refusal, as a BridgeError. */
export function statusError(
  method: string,
  path: string,
  httpStatus: number,
  body: string,
): BridgeError {
  const parsed = statusOf(body);
  const said = parsed?.message ?? body.slice(0, 500);
  const message = `The cluster answered ${httpStatus} to ${method} ${path}: ${said}`;
  const away = new Unavailable(message, { code: 'cluster-unavailable', retryAfterSeconds: 2 });
  // a proxy's page or the server's own plain text: no word of the object that was asked for
  if (parsed === null) return httpStatus === 401 ? forbidden(message) : away;
  const status = httpStatus < 400 ? 500 : httpStatus;
  // without a name it is the kind that the server does not know (yet): its CRD or its group is not
  // served
  if (status === 404)
    return parsed.details?.name
      ? new NotFound(message, { code: 'cluster-object-not-found' })
      : away;
  if (status === 409) return new Conflict(message, { code: 'cluster-conflict' });
  if (mayPass(status, said)) return away;
  if (isForbidden(status, said)) return forbidden(message);
  return new Failed(said, { code: 'cluster-refused' });
}

const mayPass = (status: number, said: string): boolean =>
  status === 429 || status >= 500 || PASSING.test(said);

/** The account lacks the right; an admission policy's 403 names something else. */
const isForbidden = (status: number, said: string): boolean =>
  status === 401 || (status === 403 && /^[^:]+ is forbidden: User /.test(said));

function statusOf(body: string): Status | null {
  try {
    const parsed = JSON.parse(body) as Status | null;
    return parsed?.kind === 'Status' ? parsed : null;
  } catch {
    return null;
  }
}

function forbidden(message: string): Failed {
  return new Failed(message, {
    code: 'cluster-forbidden',
    remedy: 'Give the account of the bridge this right (see k8s/base), or correct KUBECONFIG.',
  });
}

/** What kept a request from its answer, as a BridgeError. */
export function unavailable(method: string, path: string, error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new Unavailable(`The cluster did not answer ${method} ${path}: ${why}`, {
    code: 'cluster-unavailable',
    cause: error,
    retryAfterSeconds: 2,
  });
}
