// mocha's spec reporter, which also writes its counts, what failed and what took long as JSON to
// the file that CREATIVEFLOW_COUNTS names.
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const Mocha = require('mocha');

const SLOWEST = 20;

module.exports = class CountReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const broken = [];
    const times = [];
    const timed = (runnable) =>
      times.push({
        ms: runnable.duration ?? 0,
        title: runnable.fullTitle(),
        file: runnable.file ? relative(process.cwd(), runnable.file) : '',
      });
    runner.on('fail', (test, error) =>
      broken.push(`${test.fullTitle()}\n${error.stack ?? error.message ?? error}`),
    );
    runner.on('test end', timed);
    runner.on('hook end', timed);
    // emitted more than once when files run in parallel and one cannot be loaded: the last has all
    runner.on('end', () => {
      const { passes, failures, pending } = runner.stats;
      const slowest = times.sort((one, other) => other.ms - one.ms).slice(0, SLOWEST);
      if (process.env.CREATIVEFLOW_COUNTS)
        writeFileSync(
          process.env.CREATIVEFLOW_COUNTS,
          JSON.stringify({ passed: passes, failed: failures, skipped: pending, broken, slowest }),
        );
      if (process.env.CREATIVEFLOW_TIMES)
        writeFileSync(process.env.CREATIVEFLOW_TIMES, JSON.stringify(times));
    });
  }
};
