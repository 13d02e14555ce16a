import { availableParallelism } from 'node:os';
import type { Stage } from './stages.ts';

/**
 * Runs stages side by side: each starts, in the order given, as soon as its cores and what it uses
 * are free and, if it needs the stack, `stackUp` has resolved. Where `stackUp` answers false, what
 * needs the stack is left out. Resolves to the stages left out.
 */
export async function schedule(
  stages: readonly Stage[],
  stackUp: Promise<boolean>,
  run: (stage: Stage) => Promise<void>,
): Promise<Stage[]> {
  const cores = Math.max(2, availableParallelism());
  const running = new Map<Stage, Promise<void>>();
  let waiting = [...stages];
  const leftOut: Stage[] = [];
  let isUp: boolean | null = null;
  const stack = stackUp.then((answer) => {
    isUp = answer;
  });
  while (waiting.length > 0 || running.size > 0) {
    if (isUp === false) {
      leftOut.push(...waiting.filter(({ needsStack }) => needsStack));
      waiting = waiting.filter(({ needsStack }) => !needsStack);
    }
    for (const stage of waiting) {
      if (stage.needsStack && isUp !== true) continue;
      if (!fits(stage, [...running.keys()], cores)) continue;
      running.set(
        stage,
        run(stage).finally(() => running.delete(stage)),
      );
    }
    waiting = waiting.filter((stage) => !running.has(stage));
    await Promise.race([...running.values(), ...(isUp === null ? [stack] : [])]);
  }
  return leftOut;
}

/** Whether a stage may run beside those that run. */
function fits(stage: Stage, running: readonly Stage[], cores: number): boolean {
  const busy = running.reduce((sum, other) => sum + other.cores, 0);
  return (
    (busy === 0 || busy + stage.cores <= cores) && running.every((other) => !clash(stage, other))
  );
}

function clash(one: Stage, other: Stage): boolean {
  const alone = (stage: Stage): boolean => stage.uses.includes('stack');
  if (alone(one) || alone(other)) return one.needsStack && other.needsStack;
  return one.uses.some((what) => other.uses.includes(what));
}
