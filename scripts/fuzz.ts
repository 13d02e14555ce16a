/** Changes every sample of the scanner at random and scans what comes out, until time is up. */
import { parseArgs } from 'node:util';
import { httpCampaign } from '../bridge/test/fuzz/http/campaign.ts';
import { campaign } from '../bridge/test/fuzz/campaign.ts';

const USAGE = `npm run fuzz -- [--http] [--seconds 3600] [--seed N]

--http sends damaged requests to the listeners of the bridge, instead of damaged files to the scanner.

Ends with 0 when nothing was found. A find is kept as a file and told with its seed; the same seed makes the same cases.`;
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    http: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
if (values.help === true || !(seconds > 0) || !Number.isInteger(seed)) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(values.help === true ? 0 : 2);
}
console.log(`seed ${seed}, ${seconds} s`);
if (values.http === true) {
  const { cases, finds } = await httpCampaign(seconds, seed);
  for (const find of finds)
    console.log(`${find.what} (seed ${seed}, case ${find.number})\n${JSON.stringify(find.sent)}`);
  console.log(`${cases} cases; ${finds.length} finds`);
  process.exit(finds.length > 0 ? 1 : 0);
}
const outcome = await campaign(seconds, seed, console.log);
console.log(
  `${outcome.cases} cases, ${outcome.survivors} of refused files no longer refused${outcome.reference ? ', held against Python' : ''}; ${outcome.failures.length} finds`,
);
process.exit(outcome.failures.length > 0 ? 1 : 0);
