#!/usr/bin/env -S node --import tsx
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { isSideFile } from './formats/collection.ts';
import { runEach, runIsolated } from './run-isolated.ts';
import { sarif } from './sarif.ts';
import type { Finding, ScanFile, ScanResult, Verdict } from './types.ts';

const USAGE = `creativeflow-scan FILE… [--dockerfile FILE | --each] [--json|--sarif] [--deadline SECONDS]

Judges the files as one upload, or with --each as one upload each. Text files by their names count as side files, all others as models.
Ends with 0 pass, 1 review, 2 block, 3 could not run.`;
const EXIT: Record<Verdict, number> = { pass: 0, review: 1, block: 2 };
const COULD_NOT_RUN = 3;

process.exitCode = await main();

async function main(): Promise<number> {
  let files: ScanFile[];
  let options: {
    json?: boolean;
    sarif?: boolean;
    deadline?: string;
    help?: boolean;
    dockerfile?: string;
    each?: boolean;
  };
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        dockerfile: { type: 'string' },
        each: { type: 'boolean' },
        json: { type: 'boolean' },
        sarif: { type: 'boolean' },
        deadline: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    options = parsed.values;
    files = parsed.positionals.map((file) => describe(file, isSideFile(file) ? 'side' : 'model'));
    if (options.dockerfile !== undefined) files.push(describe(options.dockerfile, 'dockerfile'));
    if (options.json === true && options.sarif === true)
      throw new Error('--json and --sarif: choose one');
    if (options.each === true && (options.dockerfile !== undefined || options.sarif === true))
      throw new Error('--each goes with neither --dockerfile nor --sarif');
    if (options.deadline !== undefined && !(Number(options.deadline) > 0))
      throw new Error(`--deadline ${options.deadline} is not a number of seconds`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return COULD_NOT_RUN;
  }
  if (options.help === true || files.length === 0) {
    (options.help === true ? process.stdout : process.stderr).write(`${USAGE}\n`);
    return options.help === true ? 0 : COULD_NOT_RUN;
  }
  const limits =
    options.deadline === undefined ? {} : { deadlineMs: Number(options.deadline) * 1000 };
  if (options.each === true)
    return tellEach(
      files,
      await runEach(
        files.map((file) => ({ files: [file] })),
        limits,
      ),
      options.json === true,
    );
  const result = await runIsolated({ files }, limits);
  const document = options.json === true ? result : options.sarif === true ? sarif(result) : null;
  process.stdout.write(
    document === null ? render(result) : `${JSON.stringify(document, null, 2)}\n`,
  );
  return EXIT[result.verdict];
}

function tellEach(files: ScanFile[], results: ScanResult[], asJson: boolean): number {
  const told = results.map((result, i) =>
    asJson
      ? `${JSON.stringify({ path: files[i]!.path, ...result })}\n`
      : `${files[i]!.path}\n${render(result)}\n`,
  );
  process.stdout.write(told.join(''));
  return Math.max(...results.map(({ verdict }) => EXIT[verdict]));
}

function describe(file: string, kind: ScanFile['kind']): ScanFile {
  return {
    name: path.basename(file),
    kind,
    path: path.resolve(file),
    size: fs.statSync(file).size,
  };
}

function render(result: ScanResult): string {
  const lines = result.findings.map(
    (finding) =>
      `${finding.verdict.padEnd(6)} ${finding.severity.padEnd(8)} ${finding.rule}  ${place(finding)}\n       ${finding.why}\n       → ${finding.remedy}\n`,
  );
  if (result.details.findingsLeftOut > 0)
    lines.push(`… and ${result.details.findingsLeftOut} more findings\n`);
  const formats = Object.entries(result.details.formats)
    .map(([file, format]) => `${file}: ${format}`)
    .join(', ');
  return `${lines.join('\n')}${lines.length > 0 ? '\n' : ''}${result.verdict.toUpperCase()}  (${formats}; rules ${result.rulesetVersion}; ${result.details.durationMs} ms)\n`;
}

function place(finding: Finding): string {
  if (finding.line !== null) return `${finding.file}:${finding.line}:${finding.column ?? 1}`;
  return finding.offset === null ? finding.file : `${finding.file} @ ${finding.offset}`;
}
