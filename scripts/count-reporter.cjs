// mocha's spec reporter, which also writes its counts and what failed as JSON to the file that
// CREATIVEFLOW_COUNTS names.
const { writeFileSync } = require('node:fs');
const Mocha = require('mocha');

module.exports = class CountReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const broken = [];
    runner.on('fail', (test, error) =>
      broken.push(`${test.fullTitle()}\n${error.stack ?? error.message ?? error}`),
    );
    // more than once when files run beside each other and one cannot be loaded: the last time has
    // all
    runner.on('end', () => {
      const { passes, failures, pending } = runner.stats;
      if (process.env.CREATIVEFLOW_COUNTS)
        writeFileSync(
          process.env.CREATIVEFLOW_COUNTS,
          JSON.stringify({ passed: passes, failed: failures, skipped: pending, broken }),
        );
    });
  }
};
