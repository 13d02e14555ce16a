import type { BuildPodObserved } from '../../domain/builds/outcome.ts';
import type { BuildPodsPort } from '../ports/cluster.ts';

/** A log longer than this loses its middle: the beginning and the end tell. */
const LOG_MAX_CHARS = 4 * 1024 * 1024;

export const buildLogPrefix = (versionId: number): string => `builds/${versionId}/`;
export const buildLogKey = (versionId: number, generation: number): string =>
  `${buildLogPrefix(versionId)}${generation}.log`;

export interface CollectedLog {
  text: string;
  /** why the rest cannot be read now */
  unreadable: string | null;
}

/** Everything a build pod has written, as far as the cluster hands it out. */
export async function collectLog(pods: BuildPodsPort, pod: string): Promise<CollectedLog> {
  let text = '';
  let cut = false;
  let unreadable: string | null = null;
  try {
    for await (const chunk of await pods.log(pod, {
      follow: false,
      signal: AbortSignal.timeout(30_000),
    })) {
      text += String(chunk);
      if (text.length > LOG_MAX_CHARS * 2) {
        text = text.slice(0, LOG_MAX_CHARS / 2) + text.slice(-LOG_MAX_CHARS / 2);
        cut = true;
      }
    }
  } catch (error) {
    unreadable = error instanceof Error ? error.message : String(error);
  }
  if (cut)
    text = `${text.slice(0, LOG_MAX_CHARS / 2)}\n… (cut) …\n${text.slice(-LOG_MAX_CHARS / 2)}`;
  return { text, unreadable };
}

/** The logs of all attempts of a build, as far as they can be read. */
export async function collectLogs(
  pods: BuildPodsPort,
  known: BuildPodObserved[],
): Promise<string[]> {
  return Promise.all(
    known.map(async ({ pod, attempt }) => {
      const { text, unreadable } = await collectLog(pods, pod.name);
      const heading = known.length > 1 ? `--- attempt ${attempt}\n` : '';
      const ending = unreadable === null ? '' : `\n(the log ends here: ${unreadable})\n`;
      return `${heading}${text}${ending}`;
    }),
  );
}
