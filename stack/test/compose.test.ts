import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { composeNginx, TEMPLATE } from '../compose/nginx.ts';
import { bridgeEnvironment, stackContext } from '../facts.ts';
import { binary, buildGo, COMPOSE, KUBE, TRAEFIK } from '../go-build.ts';
import { portVariable, resolvePorts, type PortName } from '../ports.ts';
import { run } from '../run.ts';
import { GENERATED } from '../secrets.ts';
import type { StackContext } from '../server.ts';
import { SERVERS } from '../servers/index.ts';

interface Service {
  image?: string;
  command?: string[] | null;
  environment?: Record<string, string | null>;
  ports?: { host_ip?: string; target: number; published: string }[];
  depends_on?: Record<string, { condition: string }>;
  network_mode?: string;
}

/** Which service of the Compose file is which server of the stack. */
const SERVICE_OF: Record<string, string> = { containerd: 'k3s', kubernetes: 'k3s' };
/** Services that do once what a server of the stack does in `prepare` or `install`. */
const ONE_SHOTS: Record<string, string> = {
  secrets: 'cli',
  bucket: 'minio',
  'odoo-init': 'odoo',
  'outbox-role': 'odoo',
  'cluster-init': 'kubernetes',
  'web-app': 'nginx',
};
/** Published ports: of which service, and which port the server has in its container. */
const PUBLISHED: [PortName, string, number][] = [
  ['postgres', 'postgres', 5432],
  ['redis', 'redis', 6379],
  ['minio', 'minio', 9000],
  ['registry', 'registry', 5000],
  ['odoo', 'odoo', 8069],
  ['apiserver', 'k3s', 6443],
  ['traefikWeb', 'k3s', 18080],
  ['traefikMetrics', 'k3s', 18081],
  ['bridge', 'k3s', 18100],
  ['nginxHttps', 'nginx', 18443],
  ['nginxEndpoints', 'nginx', 18444],
  ['nginxHttp', 'nginx', 18088],
];
const root = stackContext().root;
const context: StackContext = {
  ...stackContext(),
  ports: resolvePorts({}),
  secrets: Object.fromEntries(GENERATED.map((name) => [name, `<${name}>`])),
};
const file = join(root, 'docker-compose.yml');

async function load(path: string, env: NodeJS.ProcessEnv = {}): Promise<Record<string, Service>> {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('CREATIVEFLOW_')),
  );
  return (
    JSON.parse(await run(binary(context, COMPOSE), [path], { env: { ...clean, ...env } })) as {
      services: Record<string, Service>;
    }
  ).services;
}

describe('docker-compose.yml', function () {
  this.timeout(300_000); // the specification's loader is built once
  let services: Record<string, Service>;

  before(async () => {
    await buildGo(context, COMPOSE);
    services = await load(file);
  });

  it('is refused by the loader when something in it is wrong', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    const text = readFileSync(file, 'utf8');
    for (const [from, to] of [
      ['privileged: true', 'priviledged: true'],
      ['network_mode: service:k3s', 'network_mode: service:k4s'],
      ['{ minio: { condition', '{ minoi: { condition'],
    ] as const) {
      expect(text).to.include(from);
      writeFileSync(join(folder, 'compose.yml'), text.replace(from, to));
      const fault = await load(join(folder, 'compose.yml')).then(
        () => null,
        (error: Error) => error.message,
      );
      expect(fault, to).to.match(/priviledged|k4s|minoi/);
    }
    rmSync(folder, { recursive: true });
  });

  it('has each server of the stack, and nothing else', () => {
    const expected = [
      ...SERVERS.map(({ name }) => SERVICE_OF[name] ?? name),
      ...Object.keys(ONE_SHOTS),
    ];
    expect(Object.keys(services)).to.have.members([...new Set(expected)]);
  });

  it('publishes the ports of the stack, on loopback alone', () => {
    const found = Object.entries(services).flatMap(([name, service]) =>
      (service.ports ?? []).map(
        ({ host_ip, published, target }) => `${name} ${host_ip}:${published}:${target}`,
      ),
    );
    expect(found).to.have.members(
      PUBLISHED.map(
        ([port, service, target]) => `${service} 127.0.0.1:${context.ports[port]}:${target}`,
      ),
    );
  });

  it('takes the same variables for other ports', async () => {
    const env = Object.fromEntries(
      PUBLISHED.map(([port]) => [portVariable(port), String(context.ports[port] + 1)]),
    );
    const moved = await load(file, env);
    const published = Object.values(moved).flatMap(({ ports }) =>
      (ports ?? []).map((port) => Number(port.published)),
    );
    expect(published).to.have.members(PUBLISHED.map(([port]) => context.ports[port] + 1));
    expect(moved['bridge']!.environment!['BRIDGE_PUBLIC_URL']).to.equal(
      `https://127.0.0.1:${context.ports.nginxHttps + 1}`,
    );
    for (const service of ['bridge', 'odoo-init']) {
      const origin = moved[service]!.environment!['ENDPOINTS_PUBLIC_URL'];
      expect(origin, service).to.equal(`https://127.0.0.1:${context.ports.nginxEndpoints + 1}`);
    }
  });

  it('gives the bridge the environment of the stack, with the addresses of containers and secrets from files', () => {
    const ours = bridgeEnvironment(context);
    const theirs = services['bridge']!.environment!;
    expect(Object.keys(theirs).map((name) => name.replace(/_FILE$/, ''))).to.have.members(
      Object.keys(ours),
    );
    const moved: Record<string, string> = {
      BRIDGE_HOST: '0.0.0.0',
      ODOO_URL: 'http://odoo:8069',
      MINIO_ENDPOINT: 'http://minio:9000',
      REGISTRY_URL: 'http://registry:5000',
      KUBECONFIG: '/run/creativeflow/bridge.kubeconfig',
    };
    const secretOf: Record<string, string> = {
      ODOO_SERVICE_KEY: 'bridgeKey',
      ODOO_RECEIPT_SECRET: 'receiptSecret',
      OUTBOX_DATABASE_URL: 'outboxUrl',
      REDIS_URL: 'redisUrl',
      MINIO_ACCESS_KEY: 'minioAccessKey',
      MINIO_SECRET_KEY: 'minioSecretKey',
      SESSION_SECRET: 'sessionSecret',
      REGISTRY_PASSWORD: 'registryPassword',
    };
    for (const [name, value] of Object.entries(ours)) {
      if (secretOf[name])
        expect(theirs[`${name}_FILE`], name).to.equal(`/run/creativeflow/${secretOf[name]}`);
      else expect(theirs[name], name).to.equal(moved[name] ?? value);
    }
  });

  it('starts a service after all that the server of that name needs', () => {
    for (const server of SERVERS) {
      const before = startedBefore(services, SERVICE_OF[server.name] ?? server.name);
      for (const need of server.needs) {
        const wanted = SERVICE_OF[need] ?? need;
        // pods need the images, the cluster does not; the bridge waits for both
        if (
          wanted === (SERVICE_OF[server.name] ?? server.name) ||
          (server.name === 'kubernetes' && need === 'images')
        )
          continue;
        expect([...before], `${server.name} needs ${need}`).to.include(wanted);
      }
    }
  });

  it('generates every secret that the stack generates', () => {
    const script = readFileSync(join(root, 'stack/compose/secrets.sh'), 'utf8');
    const people = /PEOPLE=\(([^)]*)\)/.exec(script)![1]!.split(' ');
    const names = /for name in (.*?) "\$\{PEOPLE/.exec(script)![1]!.split(' ');
    expect([...names, ...people.map((person) => `password_${person}`)]).to.have.members([
      ...GENERATED,
    ]);
  });

  it('runs the versions of the stack', () => {
    expect(services['k3s']!.image).to.match(
      new RegExp(`:${KUBE.output.replace('kube-', '')}-k3s\\d+$`),
    );
    expect(services['traefik']!.image).to.equal(TRAEFIK.output.replace('-', ':'));
    const gatewayApi = /gateway-api (v\S+)/.exec(
      readFileSync(join(root, 'stack/go/traefik/go.mod'), 'utf8'),
    )![1]!;
    expect(readFileSync(join(root, 'stack/compose/cluster-init.sh'), 'utf8')).to.include(
      `GATEWAY_API=${gatewayApi}\n`,
    );
  });

  it('gives Traefik the settings of the stack', () => {
    const ours = readFileSync(join(root, 'stack/servers/traefik.ts'), 'utf8');
    const flags = (services['traefik']!.command ?? []).filter(
      (flag) => !/\.address=|\.filename=/.test(flag),
    );
    expect(flags).to.have.length.above(5);
    for (const flag of flags) expect(ours).to.include(`'${flag}'`);
    expect(readFileSync(join(root, 'stack/compose/traefik.yaml'), 'utf8')).to.match(
      /defaultCertificate:\s.*\/run\/creativeflow\/tls\/server\.crt/,
    );
    expect(ours.match(/'--/g)).to.have.length(flags.length);
  });

  it("has the stack's own nginx configuration", () => {
    expect(readFileSync(TEMPLATE, 'utf8'), 'run: npx tsx stack/compose/nginx.ts').to.equal(
      composeNginx(),
    );
  });
});

function startedBefore(
  services: Record<string, Service>,
  name: string,
  seen = new Set<string>(),
): Set<string> {
  for (const next of Object.keys(services[name]?.depends_on ?? {})) {
    if (seen.has(next)) continue;
    seen.add(next);
    startedBefore(services, next, seen);
  }
  return seen;
}
