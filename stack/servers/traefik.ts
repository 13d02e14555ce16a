import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, buildGo, TRAEFIK } from '../go-build.ts';
import {
  daemonRunning,
  logFile,
  portAnswers,
  startDaemon,
  stopDaemon,
  stopIfChanged,
} from '../process.ts';
import type { Server, StackContext } from '../server.ts';
import { ensureCertificate, tlsFolder } from './certificate.ts';
import { kubeconfig } from './kubernetes/pki.ts';

/** Traefik as the Gateway API controller and data plane, beside the cluster. */
export const traefik: Server = {
  name: 'traefik',
  needs: ['kubernetes'],
  readyDeadlineMs: 20_000,
  install: (context) => buildGo(context, TRAEFIK),
  async start(context) {
    const { ports } = context;
    const flags = [
      `--entrypoints.web.address=127.0.0.1:${ports.traefikWeb}`,
      `--entrypoints.metrics.address=127.0.0.1:${ports.traefikMetrics}`,
      '--providers.kubernetesgateway=true',
      // where it has the right to look; builds and their push tokens are none of its business
      '--providers.kubernetesgateway.namespaces=mlops-gateway,mlops-staging,mlops-production',
      // the default holds a second change back for 2 s
      '--providers.providersthrottleduration=50ms',
      `--providers.file.filename=${defaultCertificate(context)}`,
      '--providers.file.watch=false',
      '--metrics.prometheus=true',
      '--metrics.prometheus.entrypoint=metrics',
      '--metrics.prometheus.addserviceslabels=true',
      '--log.level=WARN',
      '--global.checknewversion=false',
      '--global.sendanonymoususage=false',
    ];
    await stopIfChanged(context, 'traefik', flags.join(' ') + (await ensureCertificate(context)));
    startDaemon(context, 'traefik', [binary(context, TRAEFIK), ...flags], {
      env: { ...process.env, KUBECONFIG: kubeconfig(context, 'traefik') },
    });
  },
  ready: async (context) =>
    daemonRunning(context, 'traefik') && (await portAnswers(context.ports.traefikWeb)),
  stop: (context) => stopDaemon(context, 'traefik'),
  logs: (context) => [logFile(context, 'traefik')],
};

/**
 * Without a default certificate Traefik makes a new one, with an RSA key, at every change of a
 * route, though nothing here speaks TLS to it: 50 to 300 ms of a core, and up to a second on a busy
 * machine, during which the traffic stays where it was.
 */
function defaultCertificate(context: StackContext): string {
  const folder = join(context.state, 'traefik');
  const tls = tlsFolder(context);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'default-certificate.yaml');
  writeFileSync(
    file,
    JSON.stringify(
      {
        tls: {
          stores: {
            default: {
              defaultCertificate: {
                certFile: join(tls, 'server.crt'),
                keyFile: join(tls, 'server.key'),
              },
            },
          },
        },
      },
      null,
      2,
    ),
  );
  return file;
}
