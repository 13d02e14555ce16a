/** What runs in the child process: one request on stdin, one result on stdout. Started by run-isolated.ts alone. */
import fs from 'node:fs';
import { scanUpload } from './scan.ts';
import type { ScanRequest } from './types.ts';

const request = JSON.parse(fs.readFileSync(0, 'utf8')) as ScanRequest;
fs.writeFileSync(1, JSON.stringify(scanUpload(request)));
