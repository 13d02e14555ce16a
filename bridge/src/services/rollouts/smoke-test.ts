import type { SmokeResult } from '../../domain/rollouts/types.ts';
import { BridgeError } from '../../errors.ts';
import type { GatewayAnswer, GatewayPort } from '../ports/cluster.ts';
import type { Clock } from '../ports/runtime.ts';

/** `base` without a slash at its end. `infer`: the model's own example, where it has one. */
export interface SmokeTest {
  base: string;
  revision: string;
  readinessPath: string;
  infer: { path: string; body: unknown } | null;
}

const REVISION_HEADER = 'x-creativeflow-revision';
/**
 * A changed route reaches the traffic after 24 to 110 ms; a gateway that batches its changes needs
 * seconds.
 */
const REACH_DEADLINE_MS = 10_000;
const REQUEST_DEADLINE_MS = 10_000;
const PAUSE_MS = 20;

/**
 * Asks through the gateway until this revision answers its readiness path, then sends it the
 * example.
 */
export async function smokeTest(
  gateway: GatewayPort,
  clock: Clock,
  test: SmokeTest,
  signal: AbortSignal,
): Promise<SmokeResult> {
  const started = clock.now().getTime();
  let last = 'nothing was asked';
  for (;;) {
    const answer = await ask(
      gateway,
      `${test.base}${test.readinessPath}`,
      { method: 'GET', json: undefined },
      signal,
    );
    if (
      typeof answer !== 'string' &&
      answer.headers[REVISION_HEADER] === test.revision &&
      isGood(answer)
    )
      break;
    last =
      typeof answer === 'string' ? answer : tell('GET', test.readinessPath, answer, test.revision);
    if (clock.now().getTime() - started > REACH_DEADLINE_MS) return { ok: false, message: last };
    await clock.sleep(PAUSE_MS, signal);
  }
  if (test.infer === null)
    return { ok: true, message: `GET ${test.readinessPath} was answered through the gateway.` };
  const answer = await ask(
    gateway,
    `${test.base}${test.infer.path}`,
    { method: 'POST', json: test.infer.body },
    signal,
  );
  if (typeof answer === 'string') return { ok: false, message: answer };
  if (!isGood(answer))
    return { ok: false, message: tell('POST', test.infer.path, answer, test.revision) };
  return {
    ok: true,
    message: `GET ${test.readinessPath} and the example at ${test.infer.path} were answered through the gateway.`,
  };
}

async function ask(
  gateway: GatewayPort,
  url: string,
  question: { readonly method: 'GET' | 'POST'; readonly json: unknown },
  signal: AbortSignal,
): Promise<GatewayAnswer | string> {
  try {
    return await gateway.request(url, { ...question, timeoutMs: REQUEST_DEADLINE_MS, signal });
  } catch (error) {
    if (error instanceof BridgeError && !signal.aborted) return error.message;
    throw error;
  }
}

const isGood = (answer: GatewayAnswer): boolean => answer.status >= 200 && answer.status < 300;

function tell(method: string, path: string, answer: GatewayAnswer, revision: string): string {
  const by = answer.headers[REVISION_HEADER];
  if (by !== revision)
    return `${method} ${path} through the gateway was answered ${answer.status} by ${by ?? 'no revision'}, not by ${revision}.`;
  const body = answer.body.trim().replace(/\s+/g, ' ').slice(0, 200);
  return `${method} ${path} through the gateway was answered ${answer.status}${body ? `: ${body}` : '.'}`;
}
