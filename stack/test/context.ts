import { resolvePorts } from '../ports.ts';
import type { StackContext } from '../server.ts';

/** A context whose state is a folder of the test's own. */
export function testContext(state: string): StackContext {
  return {
    root: state,
    state,
    cache: state,
    ports: resolvePorts({}),
    secrets: {},
    report: () => undefined,
  };
}
