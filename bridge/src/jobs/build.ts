import { Build } from '../services/builds/build-job.ts';
import type { BuildDeps } from '../services/builds/build-job.ts';
import type { JobHandler } from '../services/ports/jobs.ts';

/** `build`, subject: a version. Starts or adopts the build pod, and looks again until it ended. */
export function buildJob(deps: BuildDeps): JobHandler {
  const build = new Build(deps);
  return (payload, context) => build.tick(payload.subjectId, payload.generation, context);
}
