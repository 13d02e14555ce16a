import {
  sbom,
  packagesOf,
  vulnerabilitiesOf,
  clamavStatus,
  scanForMalware,
  type ClamdAddress,
  type ToolStatus,
} from '../../scan/index.ts';
import type { AttachReferrer } from '../builds/referrer.ts';
import type { ImageLayersPort } from '../ports/cluster.ts';
import type { OdooPort, VersionWork } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';
import type { JobContext, JobHandler } from '../ports/jobs.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { SERVICE } from '../ports/odoo.ts';

export interface InventoryJobParts {
  odoo: Pick<OdooPort, 'call'>;
  store: Pick<ObjectStore, 'get' | 'putSmall'>;
  images: ImageLayersPort;
  clock: Clock;
  /** the registry as images name it */
  registryName: string;
  /** a local copy of OSV, a folder for each ecosystem; none: it is said that nothing is known */
  osvFolder: string | undefined;
  clamd: ClamdAddress | undefined;
  /** hangs the bill of materials on the image in the registry */
  attach?: AttachReferrer;
}

const SBOM_TYPE = 'application/vnd.cyclonedx+json';
/** Told in Odoo; the bill of materials has them all. */
const LISTED_MAX = 100;

/**
 * Looks through the image that was built: its packages as a bill of materials, their known holes,
 * and malware. Safe to repeat.
 */
export function inventoryJob(parts: InventoryJobParts): JobHandler {
  return async (payload, context) => {
    const work = await parts.odoo.call<VersionWork>(
      SERVICE,
      'mlops.model.version',
      'work',
      { version_id: payload.subjectId },
      context.requestId,
    );
    const { image, imageDigest, versionId } = work;
    if (image === null || imageDigest === null) return { done: true };
    const repository = image.replace(`${parts.registryName}/`, '');
    const layers = await parts.images.layersOf(repository, imageDigest, context.signal);
    const packages = await packagesOf(layers);
    const at = parts.clock.now();
    const sbomKey = `sboms/${versionId}/${imageDigest.replace(':', '-')}.json`;
    const bill = JSON.stringify(
      sbom(packages, { image, digest: imageDigest, at: at.toISOString() }),
      null,
      2,
    );
    await parts.store.putSmall(sbomKey, bill, SBOM_TYPE);
    // a registry that does not take it keeps nobody from knowing what is in the image
    await parts
      .attach?.(repository, imageDigest, {
        artifactType: SBOM_TYPE,
        bytes: Buffer.from(bill),
        annotations: { 'org.opencontainers.image.created': at.toISOString() },
      })
      .catch((error: Error) =>
        context.log.warn({ versionId, reason: error.message }, 'inventory.not-attached'),
      );
    const { status, found } = await vulnerabilitiesOf(packages, parts.osvFolder, at);
    const { tool, malware } = await malwareIn(parts, work, layers, context);
    await report(parts.odoo, { versionId, imageDigest }, context, {
      sbomKey,
      at: at.toISOString(),
      packages: packages.length,
      vulnerabilityCount: found.length,
      vulnerabilities: found.slice(0, LISTED_MAX),
      malware,
      tools: [status, tool],
    });
    return { done: true };
  };
}

/** What Odoo is told of an image (docs/odoo-api.md, `report_inventory`). */
interface Inventory {
  sbomKey: string;
  at: string;
  packages: number;
  vulnerabilityCount: number;
  vulnerabilities: object[];
  malware: object[];
  tools: ToolStatus[];
}

async function report(
  odoo: InventoryJobParts['odoo'],
  { versionId, imageDigest }: { versionId: number; imageDigest: string },
  context: JobContext,
  inventory: Inventory,
): Promise<void> {
  const answer = await odoo.call<{ accepted: boolean; reason?: string }>(
    SERVICE,
    'mlops.model.version',
    'report_inventory',
    { version_id: versionId, image_digest: imageDigest, inventory },
    context.requestId,
  );
  context.log.info(
    {
      versionId,
      packages: inventory.packages,
      vulnerabilities: inventory.vulnerabilityCount,
      malware: inventory.malware.length,
      tools: inventory.tools.map(({ status }) => status),
      accepted: answer.accepted,
      reason: answer.reason,
    },
    'inventory.reported',
  );
}

/** Every artifact and every layer through clamd, after it has shown that it finds what it must. */
async function malwareIn(
  { store, clamd }: InventoryJobParts,
  work: VersionWork,
  layers: Awaited<ReturnType<ImageLayersPort['layersOf']>>,
  { signal }: JobContext,
): Promise<{ tool: ToolStatus; malware: { file: string; signature: string }[] }> {
  const tool = await clamavStatus(clamd);
  const malware: { file: string; signature: string }[] = [];
  // with a database of last month it still finds what was known last month
  if (clamd === undefined || (tool.status !== 'ok' && tool.status !== 'stale'))
    return { tool, malware };
  const subjects = [
    ...work.artifacts.map(({ filename, objectKey }) => ({
      file: filename,
      open: () => store.get(objectKey),
    })),
    ...layers.map(({ digest, open }) => ({ file: `layer ${digest.slice(7, 19)}`, open })),
  ];
  for (const { file, open } of subjects) {
    signal.throwIfAborted();
    try {
      const signature = await scanForMalware(clamd, await open());
      if (signature !== null) malware.push({ file, signature });
    } catch (error) {
      return {
        tool: { name: tool.name, status: 'error', detail: `${file}: ${(error as Error).message}` },
        malware,
      };
    }
  }
  return { tool, malware };
}
