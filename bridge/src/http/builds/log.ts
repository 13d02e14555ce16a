import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { ID_MAX } from '../../contract/text.ts';
import { Invalid, NotFound } from '../../errors.ts';
import { buildLogPrefix } from '../../services/builds/log.ts';
import type { BuildPodsPort } from '../../services/ports/cluster.ts';
import type { Caller, OdooPort } from '../../services/ports/odoo.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';

export interface BuildLogDeps {
  odoo: OdooPort;
  store: ObjectStore;
  pods: BuildPodsPort;
  /** as whom the request is made; throws Unauthenticated */
  callerOf(request: Request): Caller | Promise<Caller>;
}

const BUILD_MAX_MS = 25 * 60_000;
const NEXT_POD_POLL_MS = 500;

/**
 * `GET /mlops/models/:modelId/versions/:versionId/build-log`: text/plain. While the build runs the
 * log comes from the pod, with `?follow=1` until the build ends; afterwards from object storage.
 * Who may read the version may read its log.
 */
export function buildLogRouter(deps: BuildLogDeps): Router {
  const router = Router();
  router.get('/mlops/models/:modelId/versions/:versionId/build-log', async (request, response) => {
    const versionId = id(request.params.versionId, 'versionId');
    const modelId = id(request.params.modelId, 'modelId');
    const caller = await deps.callerOf(request);
    const state = await readState(deps.odoo, caller, modelId, versionId);
    const abort = new AbortController();
    const tooLong = setTimeout(() => abort.abort(), BUILD_MAX_MS);
    response.on('close', () => abort.abort());
    response.type('text/plain; charset=utf-8').setHeader('cache-control', 'no-store');
    response.setHeader('x-accel-buffering', 'no');
    try {
      const follow = request.query.follow === '1';
      const sent =
        state === 'running' &&
        (await sendFromPods(
          deps.pods,
          {
            versionId,
            follow,
            isRunning: async () =>
              (await readState(deps.odoo, caller, modelId, versionId)) === 'running',
          },
          response,
          abort.signal,
        ));
      if (!sent) await sendStored(deps.store, versionId, state, response);
    } finally {
      clearTimeout(tooLong);
    }
  });
  return router;
}

async function readState(
  odoo: OdooPort,
  caller: Caller,
  modelId: number,
  versionId: number,
): Promise<string> {
  const detail = await odoo.call<{ buildState: string; model: { id: number } }>(
    caller,
    'mlops.model.version',
    'detail',
    { version_id: versionId },
  );
  if (detail.model.id !== modelId)
    throw new NotFound(`Model ${modelId} has no version ${versionId}.`, {
      code: 'version-not-found',
    });
  return detail.buildState;
}

/** The log of a build that runs. */
interface RunningLog {
  readonly versionId: number;
  /** until the build ends */
  readonly follow: boolean;
  isRunning(): Promise<boolean>;
}

/** false: no pod is there, nothing was sent */
async function sendFromPods(
  pods: BuildPodsPort,
  { versionId, follow, isRunning }: RunningLog,
  response: Response,
  signal: AbortSignal,
): Promise<boolean> {
  let sent: string | undefined;
  for (;;) {
    const pod = await newestPod(pods, versionId);
    if (pod !== undefined && pod !== sent) {
      if (sent !== undefined) response.write('--- next attempt\n');
      sent = pod;
      try {
        await pipeline(await pods.log(pod, { follow, signal }), response, { end: false, signal });
      } catch (error) {
        if (!signal.aborted && !response.headersSent) throw error;
      }
    }
    if (!follow || signal.aborted || !(await isRunning())) break;
    await new Promise((resolve) => {
      setTimeout(resolve, NEXT_POD_POLL_MS);
    });
  }
  if (sent === undefined) return false;
  response.end();
  return true;
}

const newestPod = async (pods: BuildPodsPort, versionId: number): Promise<string | undefined> =>
  (await pods.list(versionId)).at(-1)?.pod.name;

async function sendStored(
  store: ObjectStore,
  versionId: number,
  state: string,
  response: Response,
): Promise<void> {
  let newest: { key: string; lastModified: Date } | undefined;
  for await (const object of store.list(buildLogPrefix(versionId)))
    if (!newest || object.lastModified > newest.lastModified) newest = object;
  if (!newest) {
    if (state === 'running' || state === 'wanted') return void response.end('');
    throw new NotFound(
      'There is no build log yet: the image is built when the version is approved for staging.',
      { code: 'build-log-not-found' },
    );
  }
  await pipeline((await store.get(newest.key)) as Readable, response);
}

function id(text: unknown, field: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > ID_MAX)
    throw new Invalid(`${field} must be a number.`, {
      code: 'invalid-id',
      errors: [{ field, reason: 'not a positive whole number' }],
    });
  return value;
}
