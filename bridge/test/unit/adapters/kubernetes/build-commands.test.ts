import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import {
  BUILD_COMMANDS_FILE,
  buildCommandsManifest,
} from '../../../../../scripts/build-commands.ts';
import { BUILD_COMMANDS, buildPod } from '../../../../src/adapters/kubernetes/build-pod.ts';

describe('commands of a build, as the cluster admits them', () => {
  it('are those of the bridge', () => {
    const text = readFileSync(BUILD_COMMANDS_FILE, 'utf8');
    expect(text, 'run: npx tsx scripts/build-commands.ts').to.equal(buildCommandsManifest());
    expect((parse(text) as { data: object }).data).to.deep.equal(BUILD_COMMANDS);
  });

  it('are what its pod runs', () => {
    const spec = {
      versionId: 1,
      generation: 1,
      attempt: 1,
      target: 'r:1/models/a:v1',
      token: 't',
      contents: {},
      labels: {},
      deadlineSeconds: 60,
    };
    const pod = buildPod(spec, {
      namespace: 'b',
      image: 'r:1/builder:1',
      registryName: 'r:1',
      podHost: '10.0.0.1',
      podPort: 1,
    });
    expect(pod.spec!.initContainers!.map(({ command }) => command)).to.deep.equal([
      ['python3', '-c', BUILD_COMMANDS.context],
    ]);
    expect(pod.spec!.containers.map(({ command }) => command)).to.deep.equal([
      ['/bin/sh', '-c', BUILD_COMMANDS.build],
    ]);
  });
});
