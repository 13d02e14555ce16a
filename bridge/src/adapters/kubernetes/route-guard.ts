/**
 * What stands between a served model and its visitors at the gateway itself, for whoever reaches it
 * without the server of the endpoints' origin before it (stack/servers/nginx-endpoints.ts, which
 * lists what may pass instead). A route takes sixteen names in each list.
 */
const SANDBOX =
  "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
const TELLING = [
  'Cookie',
  'Authorization',
  'Proxy-Authorization',
  'X-Consumer-Key',
  'X-Forwarded-User',
  'X-Requested-With',
  'Referer',
];
const OBEYED = [
  'Set-Cookie',
  'Service-Worker-Allowed',
  'Clear-Site-Data',
  'Strict-Transport-Security',
  'Refresh',
  'Link',
  'Alt-Svc',
  'WWW-Authenticate',
  'Access-Control-Allow-Origin',
  'Access-Control-Allow-Credentials',
  'Content-Security-Policy-Report-Only',
  'NEL',
  'Report-To',
  'Reporting-Endpoints',
  'Set-Login',
  'Speculation-Rules',
];

export const guardRequest = {
  type: 'RequestHeaderModifier',
  requestHeaderModifier: { remove: TELLING },
};

/** `more`: headers that the route sets besides; a rule takes one filter of a kind. */
export function guardAnswer(more: { name: string; value: string }[]): object {
  const set = [
    { name: 'Content-Security-Policy', value: SANDBOX },
    { name: 'X-Content-Type-Options', value: 'nosniff' },
    { name: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
    ...more,
  ];
  return { type: 'ResponseHeaderModifier', responseHeaderModifier: { set, remove: OBEYED } };
}
