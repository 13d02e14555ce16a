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

/** Puts the files on disk, scans them as one upload in this process, and removes them. */
export function scanFiles(uploads: Upload[], limits?: Partial<Limits>): ScanResult {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cf-scan-test-'));
  try {
    const files = uploads.map(({ name, bytes, kind }, i) => {
      const file = path.join(directory, String(i));
      fs.writeFileSync(file, bytes);
      return { name, kind: kind ?? ('model' as const), path: file, size: fs.statSync(file).size };
    });
    return scanUpload({ files, limits });
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

export const scanBytes = (name: string, bytes: Uint8Array | string, kind: ScanFile['kind'] = 'model', limits?: Partial<Limits>): ScanResult =>
  scanFiles([{ name, bytes, kind }], limits);

export const rulesOf = (result: ScanResult): string[] => [...new Set(result.findings.map(({ rule }) => rule))];
