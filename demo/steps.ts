const started = Date.now();
let last = started;

/** Prints one step of the pipeline with the time it took. */
export function step(text: string, detail?: string): void {
  const now = Date.now();
  const took = `${((now - last) / 1000).toFixed(1)} s`;
  last = now;
  process.stdout.write(
    `✔ ${text} (${took})\n${
      detail
        ? `${detail
            .split('\n')
            .map((line) => `    ${line}`)
            .join('\n')}\n`
        : ''
    }`,
  );
}

export function heading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

export function total(): string {
  return `${((Date.now() - started) / 1000).toFixed(0)} s`;
}
