import { join } from 'node:path';
import { errorLocations, errorPages, problem } from './nginx-problems.ts';

export interface EndpointsNetwork {
  listen: string;
  /** the name in ENDPOINTS_PUBLIC_URL, and others under which it answers as well */
  endpointsHost: string;
  endpointsPort: string;
  endpointsAliases: string[];
  /** where the script for answers lies on nginx's machine */
  answersScript: string;
}

export const ANSWERS_SCRIPT = join(import.meta.dirname, 'nginx-answers.js');

/**
 * Always, whatever the answer. A document has an origin of its own, runs nothing, sends no form,
 * opens no window.
 */
export const SERVED_POLICY =
  "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
const HEADERS = [
  `Content-Security-Policy "${SERVED_POLICY}"`,
  'X-Content-Type-Options nosniff',
  'Cross-Origin-Resource-Policy same-origin',
  'Cross-Origin-Opener-Policy same-origin',
  'X-Frame-Options DENY',
  'Referrer-Policy no-referrer',
  'X-Request-Id $road_id',
  'Access-Control-Allow-Origin $endpoints_cors_origin',
  'Access-Control-Expose-Headers $endpoints_cors_exposed',
  'Vary $endpoints_cors_vary',
];

/**
 * All that a served model is told of a request. Who asks is not in it: no Cookie, no Authorization,
 * no address. `X-Consumer-Key` is kept free for the keys of consumers: checked before the gateway,
 * not handed on.
 */
const PASSED_ON: Record<string, string> = {
  Accept: '$http_accept',
  'Accept-Encoding': '$http_accept_encoding',
  'Accept-Language': '$http_accept_language',
  'Content-Type': '$http_content_type',
  'Content-Encoding': '$http_content_encoding',
  'User-Agent': '$http_user_agent',
  Range: '$http_range',
  'If-Match': '$http_if_match',
  'If-None-Match': '$http_if_none_match',
  'If-Modified-Since': '$http_if_modified_since',
  'Idempotency-Key': '$http_idempotency_key',
  'Inference-Header-Content-Length': '$http_inference_header_content_length',
  Traceparent: '$http_traceparent',
  Tracestate: '$http_tracestate',
  'X-Request-Id': '$road_id',
  // which side of a canary: of a cookie that is named so, its value alone
  'Creativeflow-Traffic': '$endpoints_traffic',
  'Creativeflow-Session': '$endpoints_session',
};

const CORS_HEADERS = [
  'Content-Type',
  'Idempotency-Key',
  'X-Request-Id',
  'X-Consumer-Key',
  'Creativeflow-Traffic',
  'Creativeflow-Session',
];

/**
 * For the http block: what the server below reads, and who may read answers from other origins'
 * pages.
 */
export function endpointsMaps(
  { answersScript }: EndpointsNetwork,
  corsOrigins: readonly string[] = [],
): string {
  const side = (name: string): string =>
    `map $http_cookie $endpoints_${name}_cookie { default ''; ` +
    `"~(?:^|;\\s*)creativeflow-${name}=(?<endpoints_${name}_value>[\\w.~-]{1,128})(?:;|$)" $endpoints_${name}_value; }
  map $http_creativeflow_${name} $endpoints_${name} { default $http_creativeflow_${name}; '' $endpoints_${name}_cookie; }`;
  return `js_import answers from ${answersScript};
  ${side('traffic')}
  ${side('session')}
  map $http_origin $endpoints_cors_origin { default ''; ${corsOrigins.map((origin) => `"${origin}" $http_origin; `).join('')}}
  map $endpoints_cors_origin $endpoints_cors_exposed { default 'X-Creativeflow-Revision, X-Request-Id'; '' ''; }
  map $endpoints_cors_origin $endpoints_cors_vary { default '${corsOrigins.length > 0 ? 'Origin' : ''}'; }
  map $endpoints_cors_origin $endpoints_cors_methods { default 'GET, HEAD, POST'; '' ''; }
  map $endpoints_cors_origin $endpoints_cors_headers { default '${CORS_HEADERS.join(', ')}'; '' ''; }
  map $endpoints_cors_origin $endpoints_cors_age { default 600; '' ''; }
  map "$request_method $http_access_control_request_method" $endpoints_preflight { default ''; "~^OPTIONS ." 1; }`;
}

/**
 * Endpoints and previews at an origin of their own. Nothing else is served here, and nothing of
 * them elsewhere.
 */
export function endpointsServer(network: EndpointsNetwork, port: number): string {
  const { listen, endpointsHost, endpointsPort, endpointsAliases } = network;
  const headers = HEADERS.map((header) => `add_header ${header} always;`).join('\n    ');
  const address = `https://${endpointsHost}:${endpointsPort}`;
  return `
  server {
    listen ${listen}:${port} ssl default_server;
    ${headers}
    ${errorPages()}
    ${errorLocations(headers)}
    location / { ${problem(421, 'misdirected-request', `This server is not known by that name. It is ${address}.`)} }
  }
  server {
    listen ${listen}:${port} ssl;
    server_name ${[endpointsHost, ...endpointsAliases].join(' ')};
    client_max_body_size 32m; client_body_buffer_size 256k;
    ${headers}
    ${errorPages()}
    ${errorLocations(headers)}
    # nginx would let a tunnel through that no header of its own asked for
    if ($http_upgrade) { rewrite ^ /_problem/upgrade last; }
    if ($endpoints_preflight) { rewrite ^ /_problem/preflight last; }
    location = /_problem/upgrade { internal; ${problem(400, 'no-upgrade', 'Endpoints speak plain HTTP; there is no upgrade to a socket.')} }
    location = /_problem/preflight {
      internal;
      ${headers.replaceAll('\n', '\n  ')}
      add_header Access-Control-Allow-Methods $endpoints_cors_methods always;
      add_header Access-Control-Allow-Headers $endpoints_cors_headers always;
      add_header Access-Control-Max-Age $endpoints_cors_age always;
      if ($endpoints_cors_origin) { return 204; }
      ${problem(403, 'cors-closed', 'Pages of this origin may not read endpoints. ENDPOINTS_CORS_ORIGINS names those that may.')}
    }
    location ~ ^/(endpoints|previews)/ {
      js_header_filter answers.filter;
      proxy_pass http://gateway;
      proxy_http_version 1.1; proxy_read_timeout 120s;
      proxy_pass_request_headers off;
      proxy_set_header Host ${endpointsHost};
      proxy_set_header Connection '';
      ${Object.entries(PASSED_ON)
        .map(([name, value]) => `proxy_set_header ${name} ${value};`)
        .join('\n      ')}
      # what nginx itself would obey; a model may say X-Accel-Buffering, to answer bit by bit
      proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Charset Set-Cookie Vary Expires Cache-Control;
      proxy_redirect off; proxy_intercept_errors off; gzip off;
    }
    location / { ${problem(404, 'no-such-path', 'Nothing but endpoints and previews is served here.')} }
  }`;
}
