import type { Ports } from '../ports.ts';

export interface NginxSettings {
  folder: string;
  tls: string;
  /** the built web app */
  pwa: string;
  ports: Ports;
}

const SECURITY_HEADERS = `
    add_header Strict-Transport-Security "max-age=31536000" always;
    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy same-origin always;
    add_header X-Frame-Options SAMEORIGIN always;`;

// wasm-unsafe-eval: the digest is computed by WebAssembly in a worker
const APP_POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' wss:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'";

/** nginx's configuration: TLS, the web app, the bridge and its socket, Odoo and its socket, the endpoints of the gateway. */
export function nginxConfiguration({ folder, tls, pwa, ports }: NginxSettings): string {
  return `# written at each start
user root;
worker_processes 2;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  include /etc/nginx/mime.types;
  types { application/manifest+json webmanifest; application/wasm wasm; }
  default_type application/octet-stream;
  log_format road '$remote_addr $request_id "$request" $status $body_bytes_sent $request_time';
  access_log ${folder}/access.log road;
  client_body_temp_path ${folder}/temp/body; proxy_temp_path ${folder}/temp/proxy;
  fastcgi_temp_path ${folder}/temp/f; uwsgi_temp_path ${folder}/temp/u; scgi_temp_path ${folder}/temp/s;
  sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
  gzip on; gzip_types text/css application/javascript application/json image/svg+xml application/manifest+json; gzip_min_length 1024;
  ssl_certificate ${tls}/server.crt; ssl_certificate_key ${tls}/server.key;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:4m; ssl_buffer_size 16k;
  limit_req_zone $binary_remote_addr zone=login:2m rate=60r/m;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  # an id that the caller brought is kept: one id from the browser to the pod
  map $http_x_request_id $road_id { default $request_id; "~^[A-Za-z0-9._-]{8,64}$" $http_x_request_id; }
  upstream bridge { server 127.0.0.1:${ports.bridge}; keepalive 32; }
  upstream odoo { server 127.0.0.1:${ports.odoo}; keepalive 16; }
  upstream gateway { server 127.0.0.1:${ports.traefikWeb}; keepalive 32; }

  server {
    listen 127.0.0.1:${ports.nginxHttp};
    return 308 https://127.0.0.1:${ports.nginxHttps}$request_uri;
  }
  server {
    listen 127.0.0.1:${ports.nginxHttps} ssl http2;
    client_max_body_size 2m; client_body_buffer_size 256k;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Request-Id $road_id;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
${SECURITY_HEADERS}

    location = / { return 302 /app/; }

    location /app/ {
      alias ${pwa}/;
      try_files $uri /app/index.html;
      location ~ ^/app/(assets/.*)$ { alias ${pwa}/$1; add_header Cache-Control "public, max-age=31536000, immutable"; add_header X-Content-Type-Options nosniff always; }
      add_header Cache-Control "no-cache";
      add_header Content-Security-Policy "${APP_POLICY}" always;${SECURITY_HEADERS}
    }
    location = /app { return 308 /app/; }

    # uploads: as large as they are, straight through, nothing kept on this disk
    location ~ ^/mlops/(models/upload|uploads) {
      proxy_pass http://bridge;
      client_max_body_size 0; proxy_request_buffering off; proxy_buffering off;
      proxy_read_timeout 3600s; proxy_send_timeout 3600s; client_body_timeout 300s;
    }
    location = /mlops/session { limit_req zone=login burst=30 nodelay; limit_req_status 429; proxy_pass http://bridge; }
    location = /mlops/ws { proxy_pass http://bridge; proxy_read_timeout 120s; proxy_buffering off; }
    location /mlops/ { proxy_pass http://bridge; proxy_buffering off; proxy_read_timeout 120s; }
    location /health/ { proxy_pass http://bridge; }
    location = /metrics { return 404; }

    location /endpoints/ {
      client_max_body_size 32m;
      proxy_pass http://gateway; proxy_read_timeout 120s;
    }

    location = /websocket { proxy_pass http://odoo; proxy_read_timeout 3600s; proxy_buffering off; }
    location = /web/login { limit_req zone=login burst=30 nodelay; limit_req_status 429; proxy_pass http://odoo; }
    location ~ ^/(web|odoo|json|jsonrpc|xmlrpc|bus|mail|discuss|base_setup|auth_totp|logo|doc|creativeflow_mlops|[a-z_0-9]+/static) {
      client_max_body_size 64m;
      proxy_pass http://odoo; proxy_read_timeout 720s;
    }
    location / { return 404; }
  }
}
`;
}
