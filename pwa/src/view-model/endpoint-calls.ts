import type { EndpointView } from '../api/types.ts';

export interface Tensor {
  name: string;
  shape: number[];
  datatype: string;
  data?: number[];
}

/**
 * What a call needs: the path behind the endpoint's address and a body that the model understands.
 */
export interface Call {
  path: string;
  body: unknown;
}

const PIXELS = 64;

/** n8n reads schemas as text; here they are objects again. */
export function schemaOf(schema: unknown): unknown {
  if (typeof schema !== 'string') return schema ?? undefined;
  try {
    return schema ? JSON.parse(schema) : undefined;
  } catch {
    return schema;
  }
}

/**
 * The first input: from the schema's example, or from a list of tensors as the Open Inference
 * Protocol has them.
 */
export function firstInput(schema: unknown): Tensor | undefined {
  const candidates = [
    path(schema, 'example', 'inputs'),
    path(schema, 'examples', 0, 'inputs'),
    path(schema, 'inputs'),
    schema,
  ];
  const list = candidates.find((one): one is Tensor[] => Array.isArray(one) && isTensor(one[0]));
  return list?.[0];
}

/** One picture of 8 by 8: a digit can be drawn. */
export function isDigit(input: Tensor | undefined): boolean {
  return (
    input !== undefined &&
    input.shape.length === 2 &&
    (input.shape[0] === 1 || input.shape[0] === -1) &&
    input.shape[1] === PIXELS
  );
}

/**
 * The call to show and to try: `/v2/models/<name>/infer` for the protocol, else a POST to the root.
 */
export function callOf(endpoint: EndpointView): Call {
  const schema = schemaOf(endpoint.inputSchema);
  const example = path(schema, 'example') ?? path(schema, 'examples', 0);
  if (endpoint.protocol !== 'open-inference-v2') return { path: '/', body: example ?? {} };
  const input = firstInput(schema) ?? { name: 'input', shape: [1, 1], datatype: 'FP32' };
  const shape = input.shape.map((length) => (length < 1 ? 1 : length));
  const count = Math.min(
    4096,
    shape.reduce((all, length) => all * length, 1),
  );
  return {
    path: `/v2/models/${modelName(endpoint)}/infer`,
    body: example ?? {
      inputs: [{ ...input, shape, data: input.data ?? new Array(count).fill(0) }],
    },
  };
}

/**
 * The name the server was given (`MODEL_NAME`) and tested by: the model's slug, which its address
 * ends in. An output schema may still hold the name of its example.
 */
function modelName(endpoint: EndpointView): string {
  return encodeURIComponent(endpoint.url.replace(/\/+$/, '').split('/').at(-1) ?? '');
}

export type Snippet = 'curl' | 'python' | 'n8n';

/**
 * A call that works as pasted. On the loopback the certificate is our own, so it is not checked
 * there.
 */
export function snippet(kind: Snippet, endpoint: EndpointView, call: Call): string {
  const url = endpoint.url.replace(/\/+$/, '') + (call.path === '/' ? '' : call.path);
  const body = JSON.stringify(call.body);
  const local = /^https:\/\/(127\.|localhost|\[::1\])/.test(url);
  if (kind === 'curl')
    return `curl -sS${local ? 'k' : ''} '${url}' \\\n  -H 'Content-Type: application/json' \\\n  -d '${body.replaceAll("'", `'\\''`)}'`;
  if (kind === 'python') {
    return [
      'import json',
      local ? 'import ssl' : '',
      'import urllib.request',
      '',
      `body = json.loads(${JSON.stringify(body)})`,
      `request = urllib.request.Request(`,
      `    ${JSON.stringify(url)},`,
      '    data=json.dumps(body).encode(),',
      '    headers={"Content-Type": "application/json"},',
      ')',
      local ? 'context = ssl._create_unverified_context()  # the local certificate is our own' : '',
      `with urllib.request.urlopen(request, timeout=30${local ? ', context=context' : ''}) as answer:`,
      '    print(json.load(answer))',
    ]
      .filter((line, i, all) => line !== '' || all[i - 1] !== '')
      .join('\n');
  }
  const node = {
    parameters: {
      method: 'POST',
      url,
      sendBody: true,
      specifyBody: 'json',
      jsonBody: JSON.stringify(call.body, null, 2),
      options: { timeout: 30000, ...(local ? { allowUnauthorizedCerts: true } : {}) },
    },
    name: endpoint.name,
    type: 'n8n-nodes-base.httpRequest',
    typeVersion: 4.2,
    position: [0, 0],
  };
  return JSON.stringify({ nodes: [node], connections: {} }, null, 2);
}

function isTensor(value: unknown): value is Tensor {
  return (
    value !== null &&
    typeof value === 'object' &&
    'name' in value &&
    'shape' in value &&
    Array.isArray(value.shape)
  );
}

function path(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (at, key) =>
      at !== null && typeof at === 'object'
        ? (at as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}
