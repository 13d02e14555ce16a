import type { PodRequests } from '../capacity/capacity.ts';

/**
 * A revision is what runs for one version in one environment: a Kubernetes Deployment with a
 * Service of its own.
 */

/** A share of traffic. Weights are parts of their sum. */
export interface Backend {
  revision: string;
  weight: number;
}

export interface ContainerObserved {
  name: string;
  ready: boolean;
  restarts: number;
  waiting: { reason: string; message: string } | null;
  terminated: { reason: string; exitCode: number; message: string } | null;
  /** how it ended the time before */
  lastTerminated: { reason: string; exitCode: number; message: string } | null;
}

export interface PodObserved {
  name: string;
  phase: string;
  ready: boolean;
  terminating: boolean;
  createdAt: Date;
  /** why the pod itself failed, e.g. Evicted, DeadlineExceeded */
  reason: string | null;
  message: string | null;
  unscheduled: { reason: string; message: string } | null;
  containers: ContainerObserved[];
  /** the newest warning of each reason, from the pod's events */
  warnings: { reason: string; message: string; count: number }[];
  /** the last line that a container which ended had written */
  lastLogLine: string | null;
}

export interface RevisionObserved {
  name: string;
  /** reference with digest */
  image: string;
  wantedReplicas: number;
  /** pods ready that run the present template */
  readyReplicas: number;
  /** the controller has seen the present template and every pod runs it */
  upToDate: boolean;
  appliedAt: Date;
  /** why no pod can be created at all: quota, Pod Security, a webhook */
  creationFailure: string | null;
  pods: PodObserved[];
  /** what each of its pods asks for; undefined: not known */
  requests?: PodRequests;
  /**
   * it was deleted and is not gone yet: the finalizers that hold it; undefined: nobody deleted it
   */
  deleting?: string[];
}

export interface RouteObserved {
  backends: Backend[];
  /** the mlops.deployment that changed it last, and what it found before that change */
  changedBy: number | null;
  before: (Backend & { replicas: number })[] | null;
  /** the gateway has taken the route */
  accepted: boolean;
  /** where it is not as it was applied, the weights aside; null or undefined: nowhere */
  edited?: string | null;
}

/**
 * The name of a revision's objects: `<slug>-v<versionId>`. A Service's name must begin with a
 * letter, a slug need not, so a letter is put before such a slug; the version's id keeps it unique.
 */
export function revisionName(slug: string, versionId: number): string {
  return `${objectSlug(slug)}-v${versionId}`;
}

function objectSlug(slug: string): string {
  return /^[a-z]/.test(slug) ? slug.replace(/-+$/, '') : `m-${slug.replace(/^-+|-+$/g, '')}`;
}

export type RouteKind = 'public' | 'preview';

/** The path of an endpoint at the gateway, without a slash at its end. */
export function routePath(
  kind: RouteKind,
  environment: 'staging' | 'production',
  slug: string,
): string {
  return `/${kind === 'public' ? 'endpoints' : 'previews'}/${environment}/${slug}`;
}

export function routeName(kind: RouteKind, slug: string): string {
  return kind === 'public' ? objectSlug(slug) : `${objectSlug(slug)}-preview`;
}

/** Does the revision run this image with at least so many ready pods? */
export function isReady(
  revision: RevisionObserved | null,
  image: string,
  replicas: number,
): boolean {
  return (
    revision !== null &&
    revision.image === image &&
    revision.upToDate &&
    revision.wantedReplicas >= replicas &&
    revision.readyReplicas >= replicas
  );
}

/** The part of traffic, 0 to 1, that a route gives to a revision. */
export function shareOf(route: Pick<RouteObserved, 'backends'> | null, revision: string): number {
  if (route === null) return 0;
  const total = route.backends.reduce((sum, backend) => sum + backend.weight, 0);
  const own = route.backends
    .filter((backend) => backend.revision === revision)
    .reduce((sum, backend) => sum + backend.weight, 0);
  return total === 0 ? 0 : own / total;
}
