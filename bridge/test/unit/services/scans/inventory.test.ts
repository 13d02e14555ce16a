import { expect } from 'chai';
import { Readable } from 'node:stream';
import tar from 'tar-stream';
import { inventoryJob } from '../../../../src/services/scans/inventory.ts';
import type { ImageLayer } from '../../../../src/services/ports/cluster.ts';
import type { VersionWork } from '../../../../src/services/ports/odoo.ts';
import type { Logger } from '../../../../src/services/ports/runtime.ts';
import type { JobContext } from '../../../../src/services/ports/jobs.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const context: JobContext = { log: silent, signal: new AbortController().signal, requestId: 'r' };

async function bytesOf(chunks: AsyncIterable<unknown>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk as Buffer);
  return Buffer.concat(all);
}

async function layer(name: string, text: string): Promise<ImageLayer> {
  const pack = tar.pack();
  pack.entry({ name }, text);
  pack.finalize();
  const bytes = await bytesOf(pack);
  return {
    digest: DIGEST,
    size: bytes.length,
    compressed: false,
    open: async () => Readable.from([bytes]),
  };
}

describe('the inventory job', () => {
  async function run(
    work: Partial<VersionWork>,
    layers: ImageLayer[] = [],
  ): Promise<{
    reported: Record<string, never> | null;
    stored: Map<string, string>;
    asked: string[];
  }> {
    const stored = new Map<string, string>();
    const asked: string[] = [];
    let reported: Record<string, never> | null = null;
    const job = inventoryJob({
      odoo: {
        async call<T>(
          _caller: unknown,
          _model: string,
          method: string,
          kwargs: Record<string, unknown>,
        ): Promise<T> {
          if (method === 'report_inventory') reported = kwargs as Record<string, never>;
          return (
            method === 'work' ? { versionId: 7, artifacts: [], ...work } : { accepted: true }
          ) as T;
        },
      },
      store: {
        get: async () => Readable.from([]),
        putSmall: async (key, body) => void stored.set(key, String(body)),
      },
      images: {
        layersOf: async (repository, digest) => {
          asked.push(`${repository}@${digest}`);
          return layers;
        },
      },
      clock: { now: () => new Date('2026-11-23T12:00:00Z'), sleep: async () => undefined },
      registryName: 'registry:5000',
      osvFolder: undefined,
      clamd: undefined,
    });
    expect(
      await job({ eventId: 1, key: 'version:7', generation: 2, subjectId: 7 }, context),
    ).to.deep.equal({ done: true });
    return { reported, stored, asked };
  }

  it('stores the bill of materials, then reports what it found and which tools were not there', async () => {
    const { reported, stored, asked } = await run(
      { image: 'registry:5000/models/x', imageDigest: DIGEST },
      [await layer('lib/a-1.dist-info/METADATA', 'Name: a\nVersion: 1\n')],
    );
    expect(asked).to.deep.equal([`models/x@${DIGEST}`]);
    const { inventory, ...rest } = reported as unknown as {
      inventory: { sbomKey: string; packages: number; tools: { name: string; status: string }[] };
    };
    expect(rest).to.deep.equal({ version_id: 7, image_digest: DIGEST });
    expect(inventory.packages).to.equal(1);
    expect(inventory.tools.map(({ name, status }) => [name, status])).to.deep.equal([
      ['osv', 'no-database'],
      ['clamav', 'missing'],
    ]);
    expect(JSON.parse(stored.get(inventory.sbomKey)!)).to.include({ bomFormat: 'CycloneDX' });
  });

  it('does nothing when there is no image yet', async () => {
    expect((await run({ image: null, imageDigest: null })).reported).to.equal(null);
  });
});
