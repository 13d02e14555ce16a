import crypto from 'node:crypto';
import type { Budget, ScanContext } from './format.ts';
import { secondOpinion } from './dockerfile/hadolint.ts';
import { scanDockerfile } from './dockerfile/scan-dockerfile.ts';
import { scanByContent } from './identify.ts';
import { allowList } from './pickle/allowlist.ts';
import { Report } from './report.ts';
import { RULESET_VERSION } from './rules.ts';
import { FileSource, forEachChunk, type ByteSource } from './source.ts';
import { DEFAULT_LIMITS, type Limits, type ScanFile, type ScanRequest, type ScanResult, type ToolStatus } from './types.ts';

/**
 * Judges one upload: model files, side files and the Dockerfile together. Reads, never runs, what it is given; memory does
 * not grow with the files. Everything wrong becomes a finding; what cannot be understood blocks. Does not throw for any content.
 * Run it in a child process (run-isolated.ts) when the files come from strangers.
 */
export function scanUpload(request: ScanRequest): ScanResult {
  const started = performance.now();
  const limits: Limits = { ...DEFAULT_LIMITS, ...request.limits };
  const report = new Report(limits);
  const budget: Budget = { unpackedBytes: 0 };
  const digests: Record<string, string> = Object.create(null);
  let serving: ScanResult['serving'] = {};
  const tools: ToolStatus[] = [];
  for (const file of request.files) {
    report.guard(file.name, () => {
      const source = new FileSource(file.path);
      try {
        digests[file.name] = digestOf(source);
        if (file.kind === 'dockerfile') {
          report.formats[file.name] = 'dockerfile';
          serving = scanDockerfile(source, file.name, report, limits, { buildArgs: request.buildArgs ?? {}, registries: request.registries });
          tools.push(secondOpinion(file.path, file.name, report));
        } else {
          scanByContent(source, file.name, contextFor(file.kind, report, limits, budget, 0));
        }
      } finally {
        source.close();
      }
    });
  }
  const { version, date } = allowList();
  return {
    verdict: report.verdict,
    rulesetVersion: `${RULESET_VERSION}+${version}`,
    findings: report.findings,
    details: {
      formats: { ...report.formats },
      digests: { ...digests },
      limits,
      findingsLeftOut: report.leftOut,
      allowList: { version, date },
      tools,
      durationMs: Math.round(performance.now() - started),
      bytes: request.files.reduce((sum, file) => sum + file.size, 0),
    },
    serving,
  };
}

function contextFor(kind: ScanFile['kind'], report: Report, limits: Limits, budget: Budget, depth: number): ScanContext {
  return {
    limits,
    report,
    depth,
    kind,
    budget,
    nested(source: ByteSource, file: string): void {
      if (depth >= limits.depth) report.add('format-nested-too-deep', { file });
      else scanByContent(source, file, contextFor(kind, report, limits, budget, depth + 1));
    },
  };
}

function digestOf(source: ByteSource): string {
  const hash = crypto.createHash('sha256');
  forEachChunk(source, (chunk) => hash.update(chunk));
  return `sha256:${hash.digest('hex')}`;
}
