import type { Problem } from './types.ts';

/**
 * An answer that is not what was asked for. `detail` is a sentence for people, `remedy` what they
 * can do.
 */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly remedy: string | undefined;
  readonly errors: NonNullable<Problem['errors']>;
  readonly requestId: string | undefined;

  constructor(problem: Pick<Problem, 'status' | 'code' | 'detail'> & Partial<Problem>) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.status = problem.status;
    this.code = problem.code;
    this.remedy = problem.remedy;
    this.errors = problem.errors ?? [];
    this.requestId = problem.requestId;
  }

  /** The reason for one field; a dotted path matches its first part too. */
  field(name: string): string | undefined {
    const found = this.errors.find(
      (error) =>
        error.field === name ||
        error.field.startsWith(`${name}.`) ||
        error.field.endsWith(`.${name}`),
    );
    return found && [found.reason, found.remedy].filter(Boolean).join(' ');
  }
}

/** The line is gone: nothing answered. */
export class Offline extends Error {
  constructor(cause?: unknown) {
    super('offline', { cause });
    this.name = 'Offline';
  }
}

/**
 * What a response that is not ok says of itself; one that is no problem document (a proxy's page)
 * is named by its status.
 */
export async function problemFrom(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null);
  return problemFromBody(response.status, body, response.statusText);
}

export function problemFromBody(status: number, body: unknown, title = ''): ApiProblem {
  if (
    body !== null &&
    typeof body === 'object' &&
    'detail' in body &&
    typeof body.detail === 'string'
  ) {
    return new ApiProblem({ code: 'unknown', status, ...body } as Problem);
  }
  return new ApiProblem({
    status,
    code: `http-${status}`,
    detail: `The server answered ${status}${title ? ` ${title}` : ''}.`,
  });
}
