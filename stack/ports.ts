/**
 * Every port of the stack, in one table. Each is overridable by the environment variable
 * `CREATIVEFLOW_PORT_<NAME>`.
 */
const DEFAULT_PORTS = {
  postgres: 15432,
  redis: 16379,
  minio: 19000,
  odoo: 18069,
  odooGevent: 18072,
  registry: 15000,
  etcd: 12379,
  etcdPeer: 12380,
  apiserver: 16443,
  controllerManager: 16257,
  scheduler: 16259,
  kubelet: 20250,
  kubeletHealth: 20248,
  kubeProxyHealth: 20256,
  kubeProxyMetrics: 20257,
  networkPoliciesHealth: 20244,
  traefikWeb: 18080,
  traefikMetrics: 18081,
  bridge: 18100,
  nginxHttps: 18443,
  nginxEndpoints: 18444,
  nginxHttp: 18088,
} as const;

export type PortName = keyof typeof DEFAULT_PORTS;
export type Ports = Record<PortName, number>;

/**
 * The ports in force: those of the environment, else those the stack runs with (`known`), else the
 * table's. A value that is not a port number is named in the error.
 */
export function resolvePorts(env: NodeJS.ProcessEnv, known: Partial<Ports> = {}): Ports {
  const ports: Ports = { ...DEFAULT_PORTS, ...known };
  for (const name of Object.keys(DEFAULT_PORTS) as PortName[]) {
    const variable = portVariable(name);
    const raw = env[variable];
    if (raw === undefined || raw === '') continue;
    const port = Number(raw);
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw new Error(`${variable} is "${raw}"; it must be a port number from 1 to 65535.`);
    }
    ports[name] = port;
  }
  const twice = (Object.keys(ports) as PortName[]).find(
    (name, index, all) => all.findIndex((other) => ports[other] === ports[name]) !== index,
  );
  if (twice)
    throw new Error(
      `Port ${ports[twice]} is given to ${twice} and to another server; set ${portVariable(twice)} to a port of its own.`,
    );
  return ports;
}

/** `odooGevent` → `CREATIVEFLOW_PORT_ODOO_GEVENT` */
export function portVariable(name: PortName): string {
  return `CREATIVEFLOW_PORT_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

export const GATES_OF_TESTS = 32;

/**
 * Where pods reach a bridge on this machine, as `FIRST:LAST`: the stack's own bridge listens on the
 * port of the registry, the bridges of tests on the ports behind it.
 */
export function gatePorts(ports: Ports): string {
  return `${ports.registry}:${ports.registry + GATES_OF_TESTS}`;
}
