import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { BUILD_COMMANDS } from '../bridge/src/adapters/kubernetes/build-pod.ts';
import { writeGenerated } from '../stack/generated-file.ts';

export const BUILD_COMMANDS_FILE = join(
  resolve(import.meta.dirname, '..'),
  'k8s/base/build-commands.yaml',
);

/**
 * The commands of a build pod as the cluster knows them: `npx tsx scripts/build-commands.ts` writes
 * k8s/base/build-commands.yaml.
 */
export function buildCommandsManifest(): string {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'approved-images', namespace: 'mlops-build' },
    data: BUILD_COMMANDS,
  };
  return `# Written by scripts/build-commands.ts: what the two containers of a build run (admission-build.yaml).\n${stringify(configMap, { lineWidth: 0 })}`;
}

if (process.argv[1] === import.meta.filename)
  writeGenerated(BUILD_COMMANDS_FILE, buildCommandsManifest(), 'npx tsx scripts/build-commands.ts');
