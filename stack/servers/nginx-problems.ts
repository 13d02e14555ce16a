/** An answer of nginx's own, of the same shape as the bridge's (RFC 9457). */
export function problem(status: number, code: string, detail: string, more = {}): string {
  const title = detail.split(/[.;]/)[0];
  const body = { type: `/mlops/problems/${code}`, title, status, code, detail, ...more };
  // whatever the path ends in
  return `types { } default_type application/problem+json; return ${status} '${JSON.stringify(body)}';`;
}

/** What nginx refuses before or without asking anybody: which status, and what it says. */
const OWN: [statuses: string, page: string, answer: string][] = [
  ['400', '400', problem(400, 'request-unreadable', 'This is no HTTP request that can be read.')],
  ['403 404', '404', problem(404, 'no-such-path', 'There is nothing at this address.')],
  ['405', '405', problem(405, 'method-not-allowed', 'This method is not allowed here.')],
  ['411', '411', problem(411, 'length-required', 'This request does not say how long it is.')],
  [
    '413',
    '413',
    problem(
      413,
      'request-too-large',
      'This request is larger than is allowed here. ' +
        'Send files to /mlops/models/upload or /mlops/uploads.',
    ),
  ],
  ['414', '414', problem(414, 'address-too-long', 'The address of this request is too long.')],
  [
    '416',
    '416',
    problem(416, 'range-not-there', 'The file does not have the range that was asked for.'),
  ],
  [
    '429',
    '429',
    problem(429, 'too-many-attempts', 'Too many attempts from this address. Wait a minute.'),
  ],
  [
    '494',
    '431',
    problem(
      431,
      'headers-too-large',
      'A header of this request is too large, or there are too many.',
    ),
  ],
  [
    '495 496 497',
    'tls',
    problem(400, 'https-needed', 'This address speaks HTTPS. Begin it with https://.'),
  ],
  ['505', '505', problem(505, 'version-not-supported', 'This version of HTTP is not spoken here.')],
  [
    '500 501',
    '500',
    problem(500, 'refused-by-nginx', 'nginx cannot answer this request; its log says why.'),
  ],
  [
    '502 503 504',
    '503',
    problem(
      503,
      'part-unavailable',
      'What stands behind this address does not answer. ' + 'Try again in a moment.',
    ),
  ],
];

/**
 * The pages of these errors. Addresses, not named locations: an error in the request's first line
 * comes before there is any location. `away`: where to go when nobody answers behind the location;
 * a location with an error page of its own loses those of its server, so it names all of them
 * again.
 */
export function errorPages(away?: string): string {
  return OWN.map(([statuses, page, answer]) => {
    const target = page === '503' && away ? away : `/_problem/${page}`;
    const status = page === '503' && away ? '' : /return (\d+)/.exec(answer)![1];
    return `error_page ${statuses} =${status} ${target};`;
  }).join(' ');
}

/**
 * `headers`: the lines of the server, which a location with a header of its own must name again.
 */
export function errorLocations(headers: string): string {
  return OWN.map(([, page, answer]) => {
    const own = page === '503' ? `${headers} add_header Retry-After 5 always; ` : '';
    return `location = /_problem/${page} { internal; ${own}${answer} }`;
  }).join('\n    ');
}
