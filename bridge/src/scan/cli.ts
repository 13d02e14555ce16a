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

interface Arguments {
  readonly files: ScanFile[];
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly deadline?: string;
  readonly help?: boolean;
  readonly each?: boolean;
}

async function main(): Promise<number> {
  let given: Arguments;
  try {
    given = readArguments();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return COULD_NOT_RUN;
  }
  const { files, deadline, help = false, json = false } = given;
  if (help || files.length === 0) {
    (help ? process.stdout : process.stderr).write(`${USAGE}\n`);
    return help ? 0 : COULD_NOT_RUN;
  }
  const limits = limitsOf(deadline);
  if (given.each === true)
    return tellEach(
      files,
      await runEach(
        files.map((file) => ({ files: [file] })),
        limits,
      ),
      json,
    );
  const result = await runIsolated({ files }, limits);
  const document = json ? result : given.sarif === true ? sarif(result) : null;
  process.stdout.write(
    document === null ? render(result) : `${JSON.stringify(document, null, 2)}\n`,
  );
  return EXIT[result.verdict];
}

function limitsOf(deadline: string | undefined): { deadlineMs?: number } {
  return deadline === undefined ? {} : { deadlineMs: Number(deadline) * 1000 };
}

/** Throws where options do not go together, or a file is not there. */
function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
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
  const { dockerfile, deadline, json, sarif: asSarif, each } = values;
  const files = positionals.map((file) => describe(file, isSideFile(file) ? 'side' : 'model'));
  if (dockerfile !== undefined) files.push(describe(dockerfile, 'dockerfile'));
  if (json === true && asSarif === true) throw new Error('--json and --sarif: choose one');
  if (each === true && (dockerfile !== undefined || asSarif === true))
    throw new Error('--each goes with neither --dockerfile nor --sarif');
  if (deadline !== undefined && !(Number(deadline) > 0))
    throw new Error(`--deadline ${deadline} is not a number of seconds`);
  return { ...values, files };
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
