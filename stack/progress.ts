import { Listr } from 'listr2';

/** One line of the progress list. `done` answers how long it took, in words. */
export interface Work {
  readonly name: string;
  report: (text: string) => void;
  done: Promise<string>;
}

/**
 * A live list in a terminal; plain lines where nobody watches (CI, a pipe). Rejects with the first
 * fault.
 */
export function showProgress(works: readonly Work[]): Promise<void> {
  return process.stdout.isTTY && !process.env['CI'] ? showList(works) : showLines(works);
}

async function showLines(works: readonly Work[]): Promise<void> {
  const say = (name: string, text: string): boolean =>
    process.stdout.write(`${name.padEnd(10)} ${text}\n`);
  await Promise.all(
    works.map(async (work) => {
      let last = '';
      work.report = (text) => {
        if (text !== last) say(work.name, text);
        last = text;
      };
      say(work.name, `ready (${await work.done})`);
    }),
  );
}

async function showList(works: readonly Work[]): Promise<void> {
  const tasks = works.map((work) => ({
    title: work.name,
    task: async (_: unknown, task: { title: string; output: string }): Promise<void> => {
      work.report = (text) => (task.output = text);
      task.title = `${work.name} (${await work.done})`;
    },
  }));
  await new Listr(tasks, {
    concurrent: true,
    exitOnError: true,
    rendererOptions: { collapseErrors: false, showErrorMessage: false },
  }).run();
}
