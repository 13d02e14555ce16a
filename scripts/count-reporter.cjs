// mocha's spec reporter, which also appends its counts as a JSON line to the file that CREATIVEFLOW_COUNTS names.
const { appendFileSync } = require('node:fs');
const Mocha = require('mocha');

module.exports = class CountReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats;
      if (process.env.CREATIVEFLOW_COUNTS) appendFileSync(process.env.CREATIVEFLOW_COUNTS, `${JSON.stringify({ passed: passes, failed: failures, skipped: pending })}\n`);
    });
  }
};
