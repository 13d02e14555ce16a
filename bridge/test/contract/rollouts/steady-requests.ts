import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import type { ClusterScene } from './cluster-scene.ts';

export const EXAMPLE = {
  inputs: [
    {
      name: 'pixels',
      shape: [1, 64],
      datatype: 'FP32',
      data: Array.from({ length: 64 }, (_, at) => at % 17),
    },
  ],
};

export interface Answer {
  status: number;
  by: string;
}

/** One request through the gateway; a fault of the line is told as status 0. */
export async function infer(
  scene: ClusterScene,
  headers: Record<string, string> = {},
): Promise<Answer> {
  try {
    const answer = await request(`${scene.url()}/v2/models/${scene.slug}/infer`, {
      method: 'POST',
      body: JSON.stringify(EXAMPLE),
      headers: { 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(10_000),
    });
    await answer.body.dump();
    return {
      status: answer.statusCode,
      by: String(answer.headers['x-creativeflow-revision'] ?? ''),
    };
  } catch (error) {
    return { status: 0, by: error instanceof Error ? error.message : String(error) };
  }
}

const running = new Set<() => void>();
/** Ends what a failed test left asking. */
export function stopRequests(): void {
  for (const stop of running) stop();
  running.clear();
}

/** Three clients that ask without a pause until they are stopped. */
export function steadyRequests(scene: ClusterScene) {
  const answers: Answer[] = [];
  let going = true;
  running.add(() => {
    going = false;
  });
  const clients = Array.from({ length: 3 }, async () => {
    while (going) {
      answers.push(await infer(scene));
      await pause(5);
    }
  });
  return {
    async until(condition: (answers: Answer[]) => boolean): Promise<void> {
      const deadline = Date.now() + 15_000;
      while (answers.length === 0 || !condition(answers)) {
        if (Date.now() > deadline)
          throw new Error(
            `not within 15 s; the last answers: ${JSON.stringify(answers.slice(-3))}`,
          );
        await pause(20);
      }
    },
    async stop(): Promise<Answer[]> {
      going = false;
      await Promise.all(clients);
      return answers;
    },
  };
}
