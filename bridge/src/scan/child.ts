/**
 * What runs in the child process: a request on each line of stdin, a result on each of stdout.
 * Started by run-isolated.ts alone.
 */
import fs from 'node:fs';
import { scanUpload } from './scan.ts';
import type { ScanRequest } from './types.ts';

for (const line of fs.readFileSync(0, 'utf8').split('\n')) {
  if (line !== '')
    fs.writeFileSync(1, `${JSON.stringify(scanUpload(JSON.parse(line) as ScanRequest))}\n`);
}
