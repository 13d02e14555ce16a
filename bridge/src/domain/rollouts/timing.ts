/** The cluster needs about so long to show what was just applied. */
export const STEP_MS = 150;
/** How often to observe when the cluster itself does not tell that something changed. */
export const WAIT_MS = 500;
/**
 * While a person or time is waited for, both sides are observed so often: an outside change is
 * reverted within 5 s.
 */
export const WATCH_MS = 2_000;
/** While one side has no ready pod: the other gives the traffic back as soon as it has one. */
export const ONE_SIDED_MS = 1_000;
/** How often capacity is looked for. */
export const CAPACITY_MS = 5_000;
/** The cluster may report so much later than a pod is gone that its resources are free. */
export const RELEASE_MS = 60_000;
/** How often to observe whether something is gone that somebody else keeps. */
export const GONE_MS = 2_000;
