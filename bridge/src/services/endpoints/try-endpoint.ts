import type { TryAnswer } from '../../contract/requests.ts';
import { BridgeError, Failed, Invalid, Unavailable } from '../../errors.ts';

const DEADLINE_MS = 30_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

interface TryOut {
  method: 'GET' | 'POST';
  body: unknown;
  requestId: string;
}

/** Sends one request to an endpoint, at the address that `tryUrl` made; answers what came back. */
export async function tryEndpoint(name: string, target: URL, sent: TryOut): Promise<TryAnswer> {
  const { method, body, requestId } = sent;
  const from = performance.now();
  const { answer, text } = await ask(target, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(DEADLINE_MS),
    headers: { 'content-type': 'application/json', 'x-request-id': requestId },
    ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
  }).catch((error: unknown) => {
    if (error instanceof BridgeError) throw error;
    throw new Unavailable(`The endpoint ${name} did not answer within ${DEADLINE_MS / 1000} s.`, {
      code: 'endpoint-unavailable',
      remedy: 'Check its deployment.',
      cause: error,
    });
  });
  return {
    status: answer.status,
    durationMs: Math.round((performance.now() - from) * 10) / 10,
    contentType: answer.headers.get('content-type'),
    body: asJson(text),
  };
}

/**
 * The endpoint's own path at the gateway with `path` behind it; whatever would leave it is refused.
 */
export function tryUrl(gatewayUrl: string, endpointUrl: string, path: string): URL {
  const base = URL.canParse(endpointUrl, gatewayUrl)
    ? new URL(endpointUrl, gatewayUrl).pathname.replace(/\/+$/, '')
    : '';
  if (base === '')
    throw new Failed('The address of this endpoint names no path at the gateway.', {
      code: 'endpoint-address',
      remedy: 'Look at the endpoint in Odoo; deploying its version again writes the address anew.',
    });
  if (leaves(path)) {
    throw new Invalid(`The path ${path} leaves the endpoint.`, {
      code: 'path-leaves-endpoint',
      errors: [
        {
          field: 'path',
          reason: 'leaves the endpoint',
          remedy: 'Give a path below the endpoint, such as /v2/health/ready.',
        },
      ],
    });
  }
  return new URL(base + path, gatewayUrl);
}

/**
 * Steps up, empty steps, other ways to write them, and what a URL parser drops or turns into a
 * slash. The query may hold anything.
 */
function leaves(path: string): boolean {
  const steps = path.split(/[?#]/)[0]!;
  return (
    !path.startsWith('/') ||
    /[\u0000-\u0020\u007f]/.test(path) ||
    /\/\/|\\|%(2e|2f|5c|25|0)/i.test(steps) ||
    steps.split('/').some((step) => step === '..' || step === '.')
  );
}

async function ask(target: URL, options: RequestInit): Promise<{ answer: Response; text: string }> {
  const answer = await fetch(target, options);
  return { answer, text: await readCapped(answer) };
}

async function readCapped(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (answer.body) {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > ANSWER_BYTES_MAX)
        throw new Invalid('The answer is larger than 1 MiB.', {
          code: 'answer-too-large',
          remedy: 'Call the endpoint itself.',
        });
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
