const EVERY_MS = 250;
/** of the processor's time, so that a machine busy with something else is no failure */
const CASE_CPU_MS = 5_000;
const CASE_MS = 60_000;
const GROWTH_MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Looks at the case in hand until it is stopped; `give` is told once what is wrong with it.
 * `clock`: [its number, 1 while it is scanned].
 */
export function watchCases(clock: Float64Array, give: (what: string) => void): () => void {
  const memory = process.memoryUsage.rss();
  let [number, since, cpu] = [-1, Date.now(), process.cpuUsage()];
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() - memory > GROWTH_MAX_BYTES)
      return give(`memory grew by more than ${GROWTH_MAX_BYTES} bytes`);
    if (clock[0] !== number || clock[1] !== 1) {
      [number, since, cpu] = [clock[0]!, Date.now(), process.cpuUsage()];
      return;
    }
    const { user, system } = process.cpuUsage(cpu);
    if ((user + system) / 1000 > CASE_CPU_MS || Date.now() - since > CASE_MS)
      give(`no end within ${CASE_CPU_MS / 1000} s`);
  }, EVERY_MS);
  return () => clearInterval(timer);
}
