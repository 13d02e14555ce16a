import type {
  ActionAccepted,
  ActionBodies,
  ActionName,
  EndpointTraffic,
  EndpointView,
  EventPage,
  ModelDetail,
  ModelPage,
  PromotionPlan,
  RegisterBody,
  Strategy,
  TryAnswer,
  UploadAccepted,
  VersionDetail,
  VersionStatus,
  Whoami,
} from './types.ts';
import { read, readNow, write, type Answer } from './client.ts';

/** Every call the app makes, one function each. */
export const whoami = (): Promise<Answer<Whoami>> => read('/mlops/session');
export const login = (body: {
  login: string;
  password: string;
  totp?: string;
}): Promise<Whoami | { totpRequired: true }> => write('POST', '/mlops/session', body);
export const logout = (): Promise<void> => write('DELETE', '/mlops/session');

export interface ModelsQuery {
  search?: string;
  status?: VersionStatus | '';
  offset?: number;
  limit?: number;
  order?: 'recent' | 'name';
}
export function models(query: ModelsQuery, signal?: AbortSignal): Promise<Answer<ModelPage>> {
  return read(`/mlops/models${search({ ...query })}`, signal);
}
export const model = (id: number, signal?: AbortSignal): Promise<Answer<ModelDetail>> =>
  read(`/mlops/models/${id}`, signal);
export const version = (
  modelId: number,
  id: number,
  signal?: AbortSignal,
): Promise<Answer<VersionDetail>> => read(`/mlops/models/${modelId}/versions/${id}`, signal);
export const buildLogPath = (modelId: number, id: number): string =>
  `/mlops/models/${modelId}/versions/${id}/build-log`;

/** What a promotion would do in the cluster as it is now; what it was a while ago says nothing. */
export const plan = (modelId: number, id: number, strategy: Strategy): Promise<PromotionPlan> =>
  readNow(
    `/mlops/models/${modelId}/versions/${id}/plan${search({ target: 'production', strategy })}`,
  );

export function act<A extends ActionName>(
  action: A,
  modelId: number,
  id: number,
  body: ActionBodies[A],
): Promise<ActionAccepted> {
  return write('POST', `/mlops/models/${modelId}/versions/${id}/${action}`, body);
}

export function events(
  query: { after?: number; limit?: number; modelId?: number; versionId?: number },
  signal?: AbortSignal,
): Promise<Answer<EventPage>> {
  return read(`/mlops/events${search({ ...query })}`, signal);
}

/** The list of endpoints: the page is read whole, there is one for each model and environment. */
export async function endpoints(signal?: AbortSignal): Promise<Answer<EndpointView[]>> {
  const { value, ...rest } = await read<EndpointView[] | { items: EndpointView[] }>(
    '/mlops/endpoints',
    signal,
  );
  return { value: Array.isArray(value) ? value : value.items, ...rest };
}
export const traffic = (id: number, signal?: AbortSignal): Promise<Answer<EndpointTraffic>> =>
  read(`/mlops/endpoints/${id}/traffic`, signal);
export const tryEndpoint = (
  id: number,
  body: { path: string; method: 'GET' | 'POST'; body?: unknown },
): Promise<TryAnswer> => write('POST', `/mlops/endpoints/${id}/try`, body);

export const registerUploads = (
  body: RegisterBody,
  idempotencyKey: string,
): Promise<UploadAccepted> =>
  write('POST', '/mlops/models', body, { 'idempotency-key': idempotencyKey });

function search(query: Record<string, string | number | undefined>): string {
  const wanted = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return wanted.length
    ? `?${new URLSearchParams(wanted.map(([key, value]) => [key, String(value)]))}`
    : '';
}
