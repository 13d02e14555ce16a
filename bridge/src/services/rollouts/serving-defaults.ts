import type { PodRequests } from '../../domain/capacity/capacity.ts';
import { quantity } from '../../domain/capacity/quantity.ts';
import type { ServingSpec } from '../ports/odoo.ts';

const DEFAULT_PORT = 8080;
const DEFAULT_READINESS_PATH = '/v2/health/ready';
const DEFAULT_CPU = '100m';
const DEFAULT_MEMORY = '512Mi';
/**
 * A pod may use this much when nobody else does; starting Python on a tenth of a core takes half a
 * minute.
 */
const CPU_LIMIT_CORES = 1;

export interface ResolvedServing {
  port: number;
  readinessPath: string;
  replicas: number;
  requests: PodRequests;
}

/**
 * What the version declares, with the defaults of the Open Inference Protocol where it is silent.
 */
export function resolveServing(serving: ServingSpec): ResolvedServing {
  const cpu = serving.cpu || DEFAULT_CPU;
  const memory = serving.memory || DEFAULT_MEMORY;
  return {
    port: serving.port || DEFAULT_PORT,
    readinessPath: serving.readinessPath || DEFAULT_READINESS_PATH,
    replicas: serving.replicas || 1,
    requests: {
      cpu,
      memory,
      cpuLimit: quantity(cpu) > CPU_LIMIT_CORES ? cpu : String(CPU_LIMIT_CORES),
      memoryLimit: memory,
      gpus: serving.gpus ?? 0,
    },
  };
}
