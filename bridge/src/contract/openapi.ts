import { z } from 'zod';
import { ACTION_BODIES, ACTIONS, ActionAccepted } from './actions.ts';
import { EventPage } from './events.ts';
import { Problem } from './problem.ts';
import {
  ListQuery,
  LoginRequest,
  RegisterUploads,
  TryAnswer,
  TryRequest,
  UploadAccepted,
  UploadMetadata,
  Whoami,
} from './requests.ts';
import { PlanQuery, PromotionPlan } from './rollout.ts';
import { EndpointTraffic } from './traffic.ts';
import { EndpointView, FindingView, ModelDetail, ModelPage, VersionDetail } from './version.ts';

const Findings = z.object({ items: z.array(FindingView) });
const EndpointPage = z.object({ total: z.number().int(), items: z.array(EndpointView) });
const EventQuery = z.object({
  after: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(200),
  modelId: z.number().int().optional(),
  versionId: z.number().int().optional(),
});
const PageQuery = z.object({
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(500).default(200),
});

const SCHEMAS = {
  ...ACTION_BODIES,
  ActionAccepted,
  EndpointPage,
  EndpointTraffic,
  EndpointView,
  EventPage,
  Findings,
  LoginRequest,
  ModelDetail,
  ModelPage,
  Problem,
  PromotionPlan,
  RegisterUploads,
  TryAnswer,
  TryRequest,
  UploadAccepted,
  UploadMetadata,
  VersionDetail,
  Whoami,
};
type SchemaName = keyof typeof SCHEMAS;

interface Operation {
  summary: string;
  body?: SchemaName;
  answer?: SchemaName;
  status?: number;
  query?: z.ZodObject;
}

const VERSION = '/mlops/models/{modelId}/versions/{versionId}';
const PATHS: Record<string, Record<string, Operation>> = {
  '/mlops/session': {
    post: { summary: 'Log in with the Odoo account', body: 'LoginRequest', answer: 'Whoami' },
    get: { summary: 'Who is logged in', answer: 'Whoami' },
    delete: { summary: 'Log out', status: 204 },
  },
  '/mlops/models': {
    get: { summary: 'Models, searched and filtered', answer: 'ModelPage', query: ListQuery },
    post: {
      summary: 'Register finished resumable uploads as a version',
      body: 'RegisterUploads',
      answer: 'UploadAccepted',
      status: 202,
    },
  },
  '/mlops/models/{modelId}': {
    get: { summary: 'A model with its versions', answer: 'ModelDetail' },
  },
  [VERSION]: {
    get: {
      summary: 'Everything about a version, with the actions allowed now',
      answer: 'VersionDetail',
    },
  },
  [`${VERSION}/findings`]: { get: { summary: 'What the scan found', answer: 'Findings' } },
  [`${VERSION}/events`]: { get: { summary: "The version's journal", answer: 'EventPage' } },
  [`${VERSION}/build-log`]: { get: { summary: 'The build log as text; `follow=1` while it runs' } },
  [`${VERSION}/plan`]: {
    get: {
      summary: 'What a promotion would do in the cluster as it is now; nothing is changed',
      answer: 'PromotionPlan',
      query: PlanQuery,
    },
  },
  ...actionPaths(),
  '/mlops/endpoints': { get: { summary: 'Endpoints', answer: 'EndpointPage', query: PageQuery } },
  '/mlops/endpoints/{endpointId}': { get: { summary: 'An endpoint', answer: 'EndpointView' } },
  '/mlops/endpoints/{endpointId}/traffic': {
    get: { summary: 'What it answered in the last hour', answer: 'EndpointTraffic' },
  },
  '/mlops/endpoints/{endpointId}/try': {
    post: { summary: 'Send a request to the endpoint', body: 'TryRequest', answer: 'TryAnswer' },
  },
  '/mlops/environments': { get: { summary: 'Environments' } },
  '/mlops/events': {
    get: { summary: 'The journal from a position on', answer: 'EventPage', query: EventQuery },
  },
};

function actionPaths(): typeof PATHS {
  return Object.fromEntries(
    Object.entries(ACTIONS).map(([name, { summary, body }]) => [
      `${VERSION}/${name}`,
      { post: { summary, body, answer: 'ActionAccepted', status: 202 } },
    ]),
  );
}

/** OpenAPI 3.1, made from the schemas that the bridge itself checks with. */
export function openApiDocument(): Record<string, unknown> {
  const schemas = Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      name,
      z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    ]),
  );
  const paths = Object.fromEntries(
    Object.entries(PATHS).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, one]) => [method, operation(path, one)]),
      ),
    ]),
  );
  paths['/mlops/models/upload'] = { post: uploadOperation() };
  return {
    openapi: '3.1.0',
    info: {
      title: 'CreativeFlow MLOps',
      version: '0.1.0',
      description:
        'Resumable uploads: tus 1.0 at /mlops/uploads. Events: WebSocket /mlops/ws?after=POSITION.',
    },
    paths,
    components: {
      schemas,
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: '__Host-cf_session' },
        key: { type: 'http', scheme: 'bearer', description: 'an Odoo API key' },
      },
    },
    security: [{ session: [] }, { key: [] }],
  };
}

function operation(
  path: string,
  { summary, body, answer, status = 200, query }: Operation,
): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'integer' },
  }));
  const properties = query
    ? ((z.toJSONSchema(query, { io: 'input' }) as { properties?: object }).properties ?? {})
    : {};
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: schema as object,
  }));
  return {
    summary,
    parameters: [...inPath, ...inQuery],
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: ref(body) } } } }
      : {}),
    responses: {
      [status]: {
        description: 'done',
        ...(answer ? { content: { 'application/json': { schema: ref(answer) } } } : {}),
      },
      default: {
        description: 'a problem',
        content: { 'application/problem+json': { schema: ref('Problem') } },
      },
    },
  };
}

function uploadOperation(): object {
  const binary = { type: 'string', contentMediaType: 'application/octet-stream' };
  const properties = {
    modelFile: binary,
    dockerfile: binary,
    sideFiles: { type: 'array', items: binary },
    metadata: ref('UploadMetadata'),
  };
  const base = operation('', {
    summary: 'Upload a model and register it as a version',
    answer: 'UploadAccepted',
    status: 202,
  });
  return {
    ...base,
    requestBody: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: { type: 'object', required: ['modelFile', 'dockerfile', 'metadata'], properties },
        },
      },
    },
  };
}

function ref(name: SchemaName): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
