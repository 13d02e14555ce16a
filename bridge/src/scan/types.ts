/**
 * What a scan is asked and what it answers. The scanner imports nothing of the rest of the bridge;
 * these shapes are its own.
 */

export type Verdict = 'pass' | 'review' | 'block';
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';

export interface ScanFile {
  /** the name it was uploaded under; its extension is a claim that the content must bear out */
  name: string;
  kind: 'model' | 'dockerfile' | 'side';
  path: string;
  /** bytes */
  size: number;
}

export interface ScanRequest {
  files: ScanFile[];
  limits?: Partial<Limits>;
  /** build arguments that the build passes, e.g. REGISTRY */
  buildArgs?: Record<string, string>;
  /** registries that base images may come from; all when left out */
  registries?: string[];
}

/**
 * What another tool had to say; a tool that is not there is told, never counted as "nothing found".
 */
export interface ToolStatus {
  name: string;
  status: 'ok' | 'missing' | 'error' | 'not-linted' | 'stale' | 'no-database';
  detail: string | null;
}

/** One thing that is wrong, with the place, the reason and the way out. */
export interface Finding {
  rule: string;
  severity: Severity;
  verdict: Verdict;
  /** the path inside containers is joined with `!`: `model.pt!archive/data.pkl` */
  file: string;
  /** byte offset in that file */
  offset: number | null;
  line: number | null;
  column: number | null;
  symbol: string | null;
  evidence: string | null;
  why: string;
  remedy: string;
}

export interface ScanResult {
  verdict: Verdict;
  rulesetVersion: string;
  findings: Finding[];
  details: {
    /** path inside containers → format id */
    formats: Record<string, string>;
    /** uploaded name → `sha256:<hex>` */
    digests: Record<string, string>;
    limits: Limits;
    /** how many more findings there were than are listed */
    findingsLeftOut: number;
    allowList: { version: string; date: string };
    tools: ToolStatus[];
    durationMs: number;
    bytes: number;
  };
  /** what the Dockerfile's LABELs and EXPOSE say about serving */
  serving: { port?: number; readinessPath?: string };
}

/** Every limit is reported with the verdict; reaching one is never a pass. */
export interface Limits {
  /** findings listed; more are counted */
  findings: number;
  /** members of one container */
  members: number;
  /** containers inside containers */
  depth: number;
  /** bytes out for one byte in */
  ratio: number;
  /** below so many bytes the ratio does not matter: arrays of zeros are honest, and small */
  ratioFromBytes: number;
  /** bytes that compressed members of one upload may unpack to, all together */
  unpackedBytes: number;
  /** values on the stack of a pickle */
  pickleStack: number;
  /** slots in the memo of a pickle */
  pickleMemo: number;
  /** different globals in one pickle */
  pickleGlobals: number;
  /** bytes of a JSON header or file */
  jsonBytes: number;
  /** nested arrays and objects */
  jsonDepth: number;
  /** keys and elements of a JSON header */
  jsonEntries: number;
  /** bytes of a Dockerfile */
  dockerfileBytes: number;
  /** bytes of a text side file */
  textBytes: number;
  /** bytes of a YAML file that is read for what it names */
  yamlBytes: number;
  /** bytes of a model of LightGBM or XGBoost, in a file of its own or in a pickle */
  boosterBytes: number;
  /** messages inside messages of a protocol buffer */
  protobufDepth: number;
  /** groups and datasets of an HDF5 file */
  hdf5Objects: number;
  /** groups inside groups */
  hdf5Depth: number;
  /** headers, nodes, heaps and pieces of data of an HDF5 file */
  hdf5Parts: number;
}

export const DEFAULT_LIMITS: Limits = {
  findings: 200,
  members: 70_000 - 1,
  depth: 3,
  ratio: 1000,
  ratioFromBytes: 16 * 1024 * 1024,
  unpackedBytes: 256 * 1024 * 1024,
  pickleStack: 2 ** 24,
  pickleMemo: 2 ** 27,
  pickleGlobals: 20_000,
  jsonBytes: 100 * 1024 * 1024,
  jsonDepth: 32,
  jsonEntries: 4_000_000,
  dockerfileBytes: 1024 * 1024,
  textBytes: 64 * 1024 * 1024,
  yamlBytes: 1024 * 1024,
  boosterBytes: 160 * 1024 * 1024,
  protobufDepth: 100,
  hdf5Objects: 200_000,
  hdf5Depth: 64,
  hdf5Parts: 2_000_000,
};
