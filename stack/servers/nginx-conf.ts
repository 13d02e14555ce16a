import type { Ports } from '../ports.ts';
import {
  ANSWERS_SCRIPT,
  endpointsMaps,
  endpointsServer,
  type EndpointsNetwork,
} from './nginx-endpoints.ts';
import { errorLocations, errorPages, problem } from './nginx-problems.ts';
import { APP_POLICY, HEADERS, forwarded, headers } from './nginx-headers.ts';

export interface NginxSettings {
  /** pid, access log and temporary files */
  folder: string;
  /** folder of server.crt and server.key */
  tls: string;
  /** the built web app */
  pwa: string;
  ports: Ports;
  /** whom the workers run as; it must be able to read the web app */
  user?: string;
  /** where it listens and where the others are; all on loopback when left out */
  network?: Network;
  /** origins whose pages may read endpoints (ENDPOINTS_CORS_ORIGINS) */
  corsOrigins?: readonly string[];
}

export interface Network extends EndpointsNetwork {
  bridge: string;
  odoo: string;
  gateway: string;
  /**
   * name and port of the HTTPS address that people type: whatever a request calls this server,
   * links have these
   */
  publicHost: string;
  publicPort: string;
}

/** The names under which a browser on this machine finds the endpoints at a host of their own. */
export const ENDPOINTS_ALIASES = ['localhost', 'endpoints.localhost'];
// there in Debian and in nginx's own image
const MODULE = '/usr/lib/nginx/modules/ngx_http_js_module.so';

function loopback(ports: Ports): Network {
  const at = (port: number): string => `127.0.0.1:${port}`;
  return {
    listen: '127.0.0.1',
    bridge: at(ports.bridge),
    odoo: at(ports.odoo),
    gateway: at(ports.traefikWeb),
    publicHost: '127.0.0.1',
    publicPort: String(ports.nginxHttps),
    endpointsHost: '127.0.0.1',
    endpointsPort: String(ports.nginxEndpoints),
    endpointsAliases: ENDPOINTS_ALIASES,
    answersScript: ANSWERS_SCRIPT,
  };
}

/**
 * nginx's configuration, the only door: TLS, the web app, the bridge and its socket, Odoo and its
 * socket, and beside it the endpoints' own origin.
 */
// eslint-disable-next-line max-lines-per-function -- one file of nginx, as it reads there
export function nginxConfiguration({
  folder,
  tls,
  pwa,
  ports,
  user = 'root',
  network = loopback(ports),
  corsOrigins = [],
}: NginxSettings): string {
  const host = `${network.publicHost}:${network.publicPort}`;
  return `# written at each start
load_module ${MODULE};
user ${user};
worker_processes auto;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  include /etc/nginx/mime.types;
  types { application/manifest+json webmanifest; application/wasm wasm; text/javascript mjs; }
  default_type application/octet-stream;
  log_format road '$remote_addr $road_id "$request" $status $body_bytes_sent $request_time';
  access_log ${folder}/access.log road;
  client_body_temp_path ${folder}/body_temp; proxy_temp_path ${folder}/proxy_temp;
  fastcgi_temp_path ${folder}/fastcgi_temp; uwsgi_temp_path ${folder}/uwsgi_temp; scgi_temp_path ${folder}/scgi_temp;
  sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
  gzip on; gzip_min_length 1024; gzip_vary on;
  gzip_types text/css text/javascript application/javascript application/json application/problem+json image/svg+xml application/manifest+json application/wasm;
  ssl_certificate ${tls}/server.crt; ssl_certificate_key ${tls}/server.key;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:4m; ssl_buffer_size 16k;

  # who tries passwords is slowed down; asking who is logged in is not
  map $request_method $login_from { default ''; POST $binary_remote_addr; }
  limit_req_zone $login_from zone=login:2m rate=60r/m;
  # the old calls know no throttle of their own; they stay open for workflows that use them
  limit_req_zone $binary_remote_addr zone=rpc:2m rate=50r/s;
  limit_req_status 429;

  ${foreignChanges(network)}
  ${endpointsMaps(network, corsOrigins)}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  # the bridge reads a large body twice as fast when it is asked to before it comes (bridge/src/http/uploads/direct-body.ts)
  map $content_length $upload_upgrade { default ''; "~^[0-9]{6,}$" creativeflow-upload; }
  map $content_length $upload_connection { default ''; "~^[0-9]{6,}$" upgrade; }
  # an id that the caller brought is kept: one id from the browser to the pod
  map $http_x_request_id $road_id { default $request_id; "~^[A-Za-z0-9._-]{8,64}$" $http_x_request_id; }
  upstream bridge { server ${network.bridge}; keepalive 32; }
  upstream odoo { server ${network.odoo}; keepalive 16; }
  upstream gateway { server ${network.gateway}; keepalive 32; }

  server {
    listen ${network.listen}:${ports.nginxHttp} default_server;
    ${errorPages()}
    ${errorLocations('')}
    location / { return 308 https://${host}$request_uri; }
  }
  # whoever calls this server by another name is told the right one: no link is ever made of what a caller says
  server {
    listen ${network.listen}:${ports.nginxHttps} ssl default_server;
    ${HEADERS}
    ${errorPages()}
    ${errorLocations(HEADERS)}
    location / {
      if ($host = localhost) { return 308 https://${host}$request_uri; }
      ${problem(421, 'misdirected-request', `This server is not known by that name. It is https://${host}.`)}
    }
  }
  # HTTP/1.1 alone: by HTTP/2 an upload takes curl five times the CPU and half the speed (docs/benchmarks.md), and curl would choose it
  server {
    listen ${network.listen}:${ports.nginxHttps} ssl;
    server_name ${network.publicHost};
    client_max_body_size 2m; client_body_buffer_size 256k;
    proxy_http_version 1.1;
    ${forwarded(host, '$http_upgrade', '$connection_upgrade')}
    proxy_hide_header X-Request-Id; proxy_hide_header X-Content-Type-Options; proxy_hide_header X-Frame-Options;
    proxy_cookie_flags session_id secure samesite=lax;
    ${headers('X-Frame-Options SAMEORIGIN')}
    ${errorPages()}
    ${errorLocations(headers('X-Frame-Options SAMEORIGIN'))}
    if ($foreign_change) { rewrite ^ /_problem/foreign last; }
    location = /_problem/foreign { internal; ${problem(403, 'foreign-origin', 'This request comes from a page of another origin.')} }

    location = / { return 302 /app/; }
${webApp(pwa)}
${bridge(host)}
${moved(network)}
${odoo()}
  }
${withPagesAt(`https://${host}`, endpointsServer(network, ports.nginxEndpoints))}
}
`;
}

function webApp(pwa: string): string {
  return `
    location = /app { return 308 /app/; }
    # names carry a digest of the content: what is there never changes, what is gone is no page
    location ^~ /app/assets/ {
      alias ${pwa}/assets/;
      ${headers('Cache-Control "public, max-age=31536000, immutable"')}
    }
    location ^~ /app/. { return 404; }
    location ^~ /app/ {
      alias ${pwa}/;
      try_files $uri /app/index.html;
      ${headers('Cache-Control no-cache', `Content-Security-Policy "${APP_POLICY}"`, 'Permissions-Policy "camera=(), microphone=(), geolocation=()"', 'Cross-Origin-Opener-Policy same-origin')}
    }`;
}

function bridge(host: string): string {
  return `
    # uploads: as large as they are, straight through, nothing kept on this disk
    location ~ ^/mlops/(models/upload|uploads) {
      proxy_pass http://bridge;
      client_max_body_size 0; client_body_buffer_size 1m; proxy_request_buffering off; proxy_buffering off;
      proxy_read_timeout 3600s; proxy_send_timeout 3600s; client_body_timeout 300s;
      ${forwarded(host, '$upload_upgrade', '$upload_connection').replaceAll('\n', '\n  ')}
      ${errorPages('@uploads_away')}
    }
    location = /mlops/session { limit_req zone=login burst=30 nodelay; proxy_pass http://bridge; ${errorPages('@bridge_away')} }
    location = /mlops/ws { proxy_pass http://bridge; proxy_read_timeout 120s; proxy_buffering off; ${errorPages('@bridge_away')} }
    location /mlops/ { proxy_pass http://bridge; proxy_buffering off; proxy_read_timeout 120s; ${errorPages('@bridge_away')} }
    location /health/ { proxy_pass http://bridge; ${errorPages('@bridge_away')} }
    location = /metrics { return 404; }

    # tus clients ask with HEAD how far they are; any answer but yes makes them begin again, a lost line does not
    location @uploads_away { if ($request_method = HEAD) { return 444; } ${headers('Retry-After 5')} ${BRIDGE_AWAY} }
    location @bridge_away { ${headers('Retry-After 5')} ${BRIDGE_AWAY} }`;
}

const BRIDGE_AWAY = problem(
  503,
  'bridge-unavailable',
  'The bridge does not answer; nothing was changed. Try again in a moment.',
);

/**
 * The pages of problems are at the app's origin: whoever reads an answer of another follows the
 * whole address.
 */
function withPagesAt(origin: string, server: string): string {
  return server.replaceAll('"type":"/mlops/', `"type":"${origin}/mlops/`);
}

/** Endpoints were here once. The path is told where it can stand in JSON as it is. */
function moved({ endpointsHost, endpointsPort }: Network): string {
  const address = `https://${endpointsHost}:${endpointsPort}`;
  const answer = problem(
    410,
    'endpoints-moved',
    `Endpoints and previews are at ${address} now; their paths are the same.`,
    { address: `${address}$moved_path` },
  );
  return `
    location ~ ^/(endpoints|previews)(/|$) { client_max_body_size 32m; ${answer} }`;
}

/**
 * Pages of the endpoints' origin may not change anything here, and those of any other origin
 * nothing in Odoo; a program names no origin. The bridge looks for itself, as it knows of
 * PWA_ORIGINS. Odoo logs out whoever follows a link.
 */
function foreignChanges({
  publicHost,
  publicPort,
  endpointsHost,
  endpointsPort,
  endpointsAliases,
}: Network): string {
  const literal = (text: string): string => text.replaceAll('.', '\\.');
  const served = [endpointsHost, ...endpointsAliases]
    .map((name) => `https://${literal(name)}:${endpointsPort}`)
    .join('|');
  return `map "$request_method $http_origin $http_sec_fetch_site $uri" $foreign_change {
    default '';
    "~ (cross|same)-site /web/session/logout" 1;
    "~^(GET|HEAD|OPTIONS) " '';
    "~^[A-Z]+  (|same-origin|none) " '';
    "~^[A-Z]+ https://${literal(publicHost)}:${publicPort} (|same-origin|none) " '';
    "~^[A-Z]+ (null|${served}) " 1;
    "~^[A-Z]+ [^ ]* [^ ]* /(web|odoo|json|jsonrpc|xmlrpc|mail|bus)(/|$)" 1;
  }
  map $request_uri $moved_path { default ''; "~^[\\w/.%?&=:@!$()*+,;~-]+$" $request_uri; }`;
}

function odoo(): string {
  return `
    location ^~ /web/database { return 404; }
    location = /websocket { proxy_pass http://odoo; proxy_read_timeout 3600s; proxy_buffering off; }
    location ~ ^/web/(login|session/authenticate|signup|reset_password) { limit_req zone=login burst=30 nodelay; proxy_pass http://odoo; }
    location ~ ^/(jsonrpc|xmlrpc)(/|$) { limit_req zone=rpc burst=200 nodelay; proxy_pass http://odoo; proxy_read_timeout 120s; }
    # addons add pages of their own: what is nobody else's is Odoo's
    location / { client_max_body_size 64m; proxy_pass http://odoo; proxy_read_timeout 720s; }`;
}
