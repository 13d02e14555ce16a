import { Claims } from './claims.ts';
import type { ScanContext } from './format.ts';
import { secondOpinion } from './dockerfile/hadolint.ts';
import { scanDockerfile } from './dockerfile/scan-dockerfile.ts';
import { reportDisputed } from './formats/claimed.ts';
import { scanByContent } from './identify.ts';
import { allowList } from './pickle/allowlist.ts';
import type { StorageEntry } from './pickle/tensors.ts';
import { Report } from './report.ts';
import { RULESET_VERSION } from './rules.ts';
import { FileSource } from './source.ts';
import {
  DEFAULT_LIMITS,
  type Limits,
  type ScanFile,
  type ScanRequest,
  type ScanResult,
  type ToolStatus,
} from './types.ts';

/**
 * Judges one upload: model files, side files and the Dockerfile together. Reads, never runs, what
 * it is given; memory does not grow with the files. Everything wrong becomes a finding; what cannot
 * be understood blocks. Does not throw for any content. Run it in a child process (run-isolated.ts)
 * when the files come from strangers.
 */
export function scanUpload(request: ScanRequest): ScanResult {
  const started = performance.now();
  const limits: Limits = { ...DEFAULT_LIMITS, ...request.limits };
  const report = new Report(limits);
  const shared = {
    limits,
    report,
    depth: 0,
    budget: { unpackedBytes: 0 },
    storages: new Map<string, StorageEntry>(),
    siblings: siblingsOf(request),
    claims: new Claims(),
  };
  const digests: Record<string, string> = Object.create(null);
  let serving: ScanResult['serving'] = {};
  const tools: ToolStatus[] = [];
  const judge = (file: ScanFile, later?: () => void): void => {
    report.guard(file.name, () => {
      const source = new FileSource(file.path);
      let putOff = false;
      try {
        if (file.kind === 'dockerfile') {
          report.formats[file.name] = 'dockerfile';
          serving = scanDockerfile(source, file.name, report, {
            buildArgs: request.buildArgs ?? {},
            registries: request.registries,
            limits,
          });
          tools.push(secondOpinion(file.path, file.name, report));
        } else {
          scanByContent(
            source,
            file.name,
            contextFor({
              ...shared,
              kind: file.kind,
              name: file.name,
              later:
                later &&
                (() => {
                  putOff = true;
                  later();
                }),
            }),
          );
        }
      } finally {
        if (!putOff) digests[file.name] = source.digest();
        source.close();
      }
    });
  };
  const left: ScanFile[] = [];
  for (const file of request.files) judge(file, () => void left.push(file));
  for (const file of left) judge(file);
  reportDisputed(shared.claims, (name) => name, report);
  return { ...resultOf(request, report, started, { digests, tools, limits }), serving };
}

const siblingsOf = ({ files }: ScanRequest): Map<string, number> =>
  new Map(files.filter(({ kind }) => kind !== 'dockerfile').map(({ name, size }) => [name, size]));

/** What is told beside the findings. */
type Details = Pick<ScanResult['details'], 'digests' | 'tools' | 'limits'>;

function resultOf(
  request: ScanRequest,
  report: Report,
  started: number,
  { digests, tools, limits }: Details,
): Omit<ScanResult, 'serving'> {
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
  };
}

function contextFor(base: Omit<ScanContext, 'nested'>): ScanContext {
  return {
    ...base,
    nested(source, file, beside): void {
      const alone = { name: '', siblings: new Map<string, number>(), claims: new Claims() };
      if (base.depth >= base.limits.depth) base.report.add('format-nested-too-deep', { file });
      else
        scanByContent(
          source,
          file,
          contextFor({ ...base, later: undefined, ...(beside ?? alone), depth: base.depth + 1 }),
        );
    },
  };
}
