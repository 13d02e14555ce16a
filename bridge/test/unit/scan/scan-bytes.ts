import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { scanUpload } from '../../../src/scan/scan.ts';
import type { Limits, ScanFile, ScanResult } from '../../../src/scan/types.ts';

export interface Upload {
  name: string;
  bytes: Uint8Array | string;
  kind?: ScanFile['kind'];
}

/**
 * One folder for all: thousands of scans would spend most of their time making and removing theirs.
 */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cf-scan-test-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true }));

/** Puts the files on disk and scans them as one upload in this process. */
export function scanFiles(uploads: Upload[], limits?: Partial<Limits>): ScanResult {
  const files = uploads.map(({ name, bytes, kind }, i) => {
    const file = path.join(folder, String(i));
    fs.writeFileSync(file, bytes);
    return { name, kind: kind ?? ('model' as const), path: file, size: fs.statSync(file).size };
  });
  return scanUpload({ files, limits });
}

export const scanBytes = (
  name: string,
  bytes: Uint8Array | string,
  kind: ScanFile['kind'] = 'model',
  limits?: Partial<Limits>,
): ScanResult => scanFiles([{ name, bytes, kind }], limits);

export const rulesOf = (result: ScanResult): string[] => [
  ...new Set(result.findings.map(({ rule }) => rule)),
];
