import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { HttpImageStore } from '../../../src/adapters/registry/image-store.ts';
import express from 'express';
import { buildLogRouter } from '../../../src/http/builds/log.ts';
import type { OdooPort } from '../../../src/services/ports/odoo.ts';
import { ClusterScene, digitsContext } from '../rollouts/cluster-scene.ts';

/**
 * Images from Dockerfiles, in pods of the real cluster, through the gate into the real registry.
 */
describe('build in a pod', function () {
  this.timeout(180_000);
  let scene: ClusterScene;
  before(async () => {
    scene = await ClusterScene.open();
  });
  after(async () => {
    await scene?.close();
  });

  it('builds, pushes, tells the digest that the registry has, keeps the log, leaves no pod', async () => {
    const id = unique();
    scene.addVersion(id, await digitsContext());
    const report = await scene.build(id);
    expect(report, report.reason).to.deep.include({
      state: 'done',
      image: `${scene.gateName}/models/${scene.slug}`,
    });
    expect(await scene.registry.digestOf(`models/${scene.slug}`, `v${id}-g1`)).to.equal(
      report.image_digest,
    );
    expect(scene.stored.get(`builds/${id}/1.log`))
      .to.match(/fetched model\.safetensors/)
      .and.match(/STEP .*COPY model\.safetensors/)
      .and.match(/pushed sha256:/);
    expect((await scene.pods.list(id)).filter(({ pod }) => !pod.terminating)).to.deep.equal([]);
    const manifest = JSON.parse(
      (await new HttpImageStore(scene.env.registryUrl).manifest(
        `models/${scene.slug}`,
        report.image_digest!,
      ))!.bytes.toString(),
    ) as { annotations: Record<string, string> };
    expect(manifest.annotations).to.include({
      'io.creativeflow.version-id': String(id),
      'io.creativeflow.model': scene.slug,
    });
    expect(manifest.annotations['io.creativeflow.contents']).to.match(/^sha256:[0-9a-f]{64}$/);
  });

  it('tells the last telling line of a RUN step that failed, and tries it once', async () => {
    const id = unique();
    scene.addVersion(id, {
      Dockerfile:
        'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\nRUN echo looking && echo "no such wheel: tensor" >&2 && exit 3\nUSER 65532\n',
    });
    const report = await scene.build(id);
    expect(report.state).to.equal('failed');
    expect(report.reason)
      .to.match(/no such wheel: tensor/)
      .and.match(/exit status 3/);
    expect(scene.stored.get(`builds/${id}/1.log`))
      .to.include('looking')
      .and.not.include('--- attempt');
  });

  it('tells which base image is not there', async () => {
    const id = unique();
    scene.addVersion(id, {
      Dockerfile: 'ARG REGISTRY\nFROM ${REGISTRY}/base/nothing:9\nUSER 65532\n',
    });
    const report = await scene.build(id);
    expect(report.state).to.equal('failed');
    expect(report.reason).to.match(/base\/nothing/);
  });

  it('lets a RUN step see no token and no service account, and write only to its own repository', async () => {
    const id = unique();
    scene.addVersion(id, {
      Dockerfile:
        'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\nRUN ls /run/grant /var/run/secrets 2>&1; env | sort; true\nUSER 65532\n',
    });
    const report = await scene.build(id);
    expect(report.state, report.reason).to.equal('done');
    const log = scene.stored.get(`builds/${id}/1.log`) ?? '';
    expect(log)
      .to.match(/cannot access '\/run\/grant'/)
      .and.match(/cannot access '\/var\/run\/secrets'/);
    expect(log).not.to.match(/CONTEXT_URL|KUBERNETES_/);
  });

  it('shows its log while it runs', async () => {
    const id = unique();
    scene.addVersion(id, {
      Dockerfile:
        'ARG REGISTRY\nFROM ${REGISTRY}/base/python:3.11\nRUN echo first && sleep 2 && echo second\nUSER 65532\n',
    });
    const odoo = {
      call: async () => ({ buildState: scene.versions.get(id)!.buildState, model: { id: 1 } }),
    } as unknown as OdooPort;
    const app = express()
      .use(
        buildLogRouter({
          odoo,
          store: scene.store,
          pods: scene.pods,
          callerOf: () => ({ kind: 'service' }),
        }),
      )
      .listen(0, '127.0.0.1');
    await once(app, 'listening');
    try {
      const built = scene.build(id);
      while (scene.versions.get(id)!.buildState !== 'running') await pause(20);
      const answer = await fetch(
        `http://127.0.0.1:${(app.address() as AddressInfo).port}/mlops/models/1/versions/${id}/build-log?follow=1`,
      );
      let text = '';
      let seenWhileRunning = false;
      for await (const chunk of answer.body!) {
        text += Buffer.from(chunk).toString('utf8');
        if (text.includes('STEP 2') && scene.versions.get(id)!.buildState === 'running')
          seenWhileRunning = true;
      }
      expect((await built).state).to.equal('done');
      expect(seenWhileRunning, 'the log came before the build had ended').to.equal(true);
      expect(text)
        .to.include('fetched Dockerfile')
        .and.include('first')
        .and.include('second')
        .and.include('pushed sha256:');
    } finally {
      app.close();
      app.closeAllConnections();
    }
  });

  it('tries again when the context broke off', async () => {
    const id = unique();
    const [dockerfile] = scene.addVersion(id, {
      Dockerfile: 'ARG REGISTRY\nFROM ${REGISTRY}/base/nothing:9\nUSER 65532\n',
    }).artifacts;
    const bytes = scene.objects.get(dockerfile!.objectKey)!;
    scene.objects.delete(dockerfile!.objectKey);
    const built = scene.build(id);
    while ((await scene.pods.list(id)).length < 2) await pause(50);
    scene.objects.set(dockerfile!.objectKey, bytes);
    const report = await built;
    expect(report.reason, "the fault of the second attempt, which is the Dockerfile's").to.match(
      /base\/nothing/,
    );
    expect(scene.stored.get(`builds/${id}/1.log`))
      .to.include('--- attempt 2')
      .and.include('fetching the context');
  });

  it('is taken over by another bridge while it runs, and refuses a context that is not the approved one', async () => {
    const id = unique();
    const work = scene.addVersion(id, await digitsContext());
    const model = work.artifacts.find((artifact) => artifact.filename === 'serve.py')!;
    scene.objects.set(model.objectKey, Buffer.from('x'.repeat(model.size)));
    const [first, second] = await Promise.all([scene.build(id), scene.build(id)]);
    expect(first.state).to.equal('failed');
    expect(second.reason).to.match(/^ArtifactChanged: serve\.py is sha256:/);
    expect(
      scene.builds.filter((report) => report.version_id === id && report.state === 'failed').length,
    ).to.be.within(1, 2);
  });
});

let next = (Math.floor(Date.now() / 1000) % 1_000_000) * 100;
function unique(): number {
  next += 1;
  return next;
}
