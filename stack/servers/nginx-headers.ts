/** Of every answer. */
export const HEADERS = `add_header Strict-Transport-Security "max-age=31536000" always;
    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy same-origin always;
    add_header X-Request-Id $road_id always;`;

/**
 * What those behind the door are told of the request. A location with one of its own must name them
 * all again.
 */
export function forwarded(host: string, upgrade: string, connection: string): string {
  return [
    `Host ${host}`,
    'X-Forwarded-For $remote_addr',
    `X-Forwarded-Host ${host}`,
    'X-Forwarded-Proto https',
    'X-Real-IP $remote_addr',
    'X-Request-Id $road_id',
    `Upgrade ${upgrade}`,
    `Connection ${connection}`,
    // a caller may not say by another header where it came to
    ...[
      'Forwarded',
      'X-Forwarded-Port',
      'X-Forwarded-Prefix',
      'X-Forwarded-Server',
      'X-Forwarded-Scheme',
      'X-Original-URL',
      'X-Rewrite-URL',
    ].map((name) => `${name} ''`),
  ]
    .map((header) => `proxy_set_header ${header};`)
    .join('\n    ');
}

/** A location with a header of its own loses those of its server: it must name them again. */
export function headers(...own: string[]): string {
  return [HEADERS, ...own.map((header) => `add_header ${header} always;`)].join('\n    ');
}

/**
 * Nothing from elsewhere, no inline script. WebAssembly: the digest of an upload is computed by it.
 * Style attributes and data: are what the components' own templates and icons use.
 */
export const APP_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self' data:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
