import { binary, buildGo, TRAEFIK } from '../go-build.ts';
import { daemonRunning, logFile, portAnswers, startDaemon, stopDaemon } from '../process.ts';
import type { Server } from '../server.ts';
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
      `--entrypoints.web.address=127.0.0.1:${ports.traefikWeb}`, `--entrypoints.metrics.address=127.0.0.1:${ports.traefikMetrics}`,
      '--providers.kubernetesgateway=true',
      // where it has the right to look; builds and their push tokens are none of its business
      '--providers.kubernetesgateway.namespaces=mlops-gateway,mlops-staging,mlops-production',
      '--providers.providersthrottleduration=50ms', // the default holds a second change back for 2 s
      '--metrics.prometheus=true', '--metrics.prometheus.entrypoint=metrics', '--metrics.prometheus.addserviceslabels=true',
      '--log.level=WARN', '--global.checknewversion=false', '--global.sendanonymoususage=false',
    ];
    startDaemon(context, 'traefik', [binary(context, TRAEFIK), ...flags], { env: { ...process.env, KUBECONFIG: kubeconfig(context, 'traefik') } });
  },
  ready: async (context) => daemonRunning(context, 'traefik') && (await portAnswers(context.ports.traefikWeb)),
  stop: (context) => stopDaemon(context, 'traefik'),
  logs: (context) => [logFile(context, 'traefik')],
};
