import { readFile } from 'node:fs/promises';
import { readStackFacts } from '../../../../stack/facts.ts';
import { GATES_OF_TESTS } from '../../../../stack/ports.ts';

/** What the contract tests of builds and rollouts need of a cluster. */
export interface ClusterFacts {
  kubeconfig: string;
  /** the cluster's administrator: what somebody does by hand */
  adminKubeconfig: string;
  /** the registry as this process reaches it, and its name in image references */
  registryUrl: string;
  registryName: string;
  gatewayUrl: string;
  metricsUrl: string;
  gatewayName: string;
  gatewayNamespace: string;
  buildNamespace: string;
  buildImage: string;
  /** an address of this machine that pods can reach */
  podHost: string;
  /** on which pods reach a bridge of a test, both ends included; any port where it is not told */
  gatePorts?: [first: number, last: number];
  gatewaySources?: string[];
}

/**
 * The cluster of the stack, or the one that the file named by CREATIVEFLOW_TEST_CLUSTER describes.
 */
export async function clusterFacts(): Promise<ClusterFacts> {
  const file = process.env.CREATIVEFLOW_TEST_CLUSTER;
  if (file) return JSON.parse(await readFile(file, 'utf8')) as ClusterFacts;
  const facts = readStackFacts();
  const env = facts.bridgeEnvironment;
  const value = (name: string): string => {
    const found = env[name];
    if (!found) throw new Error(`The stack's facts name no ${name}. Run \`npm run stack -- up\`.`);
    return found;
  };
  return {
    kubeconfig: facts.bridgeKubeconfig,
    adminKubeconfig: facts.adminKubeconfig,
    registryUrl: facts.registryUrl,
    registryName: facts.registryName,
    gatewayUrl: facts.gatewayUrl,
    metricsUrl: value('GATEWAY_METRICS_URL'),
    gatewayName: value('GATEWAY_NAME'),
    gatewayNamespace: value('GATEWAY_NAMESPACE'),
    buildNamespace: value('BUILD_NAMESPACE'),
    buildImage: value('BUILD_IMAGE'),
    podHost: value('BRIDGE_POD_HOST'),
    gatePorts: [facts.ports.registry + 1, facts.ports.registry + GATES_OF_TESTS],
    gatewaySources: value('GATEWAY_SOURCES').split(','),
  };
}
