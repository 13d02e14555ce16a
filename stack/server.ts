import type { Ports } from './ports.ts';

/** What every server of the stack is given. Paths are absolute. */
export interface StackContext {
  /** the checkout */
  readonly root: string;
  /** `.stack/`: state of this checkout's servers, ignored by git */
  readonly state: string;
  /**
   * built binaries and downloads, keyed by version, outside the checkout (`CREATIVEFLOW_CACHE`,
   * default `~/.cache/creativeflow`)
   */
  readonly cache: string;
  readonly ports: Ports;
  /** generated at the first start, kept in `.stack/secrets.json` with mode 600 */
  readonly secrets: Record<string, string>;
  /** says what is going on now, under the server's line of the progress list */
  report(text: string): void;
}

/**
 * The address of the pod bridge on the host: what pods can reach, and nothing outside the machine
 * can.
 */
export const POD_BRIDGE_ADDRESS = '10.244.0.1';
export const POD_CIDR = '10.244.0.0/16';
export const SERVICE_CIDR = '10.96.0.0/16';
/** The registry's name, the same for the bridge, the build pods and containerd. */
export const REGISTRY_NAME = 'registry.creativeflow.internal';
export const ODOO_DATABASE = 'creativeflow';

/**
 * One real server. Every method can run twice. `install` fetches and builds (no running server is
 * needed), `start` starts it and returns, `ready` answers whether it can be used now, `stop` leaves
 * nothing of it behind, also when it was started by a run that was killed.
 */
export interface Server {
  readonly name: string;
  /** servers that must be ready before `start` (not before `install`) */
  readonly needs: readonly string[];
  /** installs that must be done before this one's install, e.g. `apt` */
  readonly installsAfter?: readonly string[];
  readonly readyDeadlineMs: number;
  install(context: StackContext): Promise<void>;
  start(context: StackContext): Promise<void>;
  ready(context: StackContext): Promise<boolean>;
  /** what must be done once it is ready: databases, roles, buckets, CRDs; idempotent */
  prepare?(context: StackContext): Promise<void>;
  stop(context: StackContext): Promise<void>;
  /** log files, the newest the most telling */
  logs(context: StackContext): string[];
}
