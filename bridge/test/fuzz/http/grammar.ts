export interface Route {
  method: string;
  path: string;
  fields: string[];
}
export interface Case {
  text: string;
  /** how the connection ends */ ending: 'wait' | 'reset' | 'end';
}
export type Random = () => number;

const HOSTILE = [
  '\0',
  '\r\n',
  '%00',
  '%ff',
  '%',
  '//',
  '[',
  ']',
  '/../',
  '\\',
  ':',
  '?',
  '#',
  '*',
  '\u202e',
  '"',
  '{',
  '=',
];
const VALUES = [
  '"\\u0000"',
  '"\\ud800"',
  '1e999',
  '-0',
  '12345678901234567890',
  '[[[[[[',
  '{}',
  '[]',
  'null',
  '"x"',
  '['.repeat(3000) + ']'.repeat(3000),
];
const HEADERS = [
  'Authorization: Bearer ada',
  'Authorization: Basic YTpi',
  'Cookie: cf_session=%',
  'Expect: 100-continue',
  'Expect: odd',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Upgrade: websocket',
  'Upgrade: creativeflow-upload',
  'Upgrade: h2c',
  'Connection: Upgrade',
  'Connection: close',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
  'Content-Type: application/json',
  'X-HTTP-Method-Override: PATCH',
  'Content-Type: multipart/form-data; boundary=x',
  'Content-Type: application/offset+octet-stream',
  'Tus-Resumable: 1.0.0',
  'Upload-Length: 5',
  'Upload-Offset: 0',
  'Upload-Metadata: filename bS5vbm54',
  'Content-Encoding: gzip',
  'Range: bytes=0-',
  'X-Requested-With: creativeflow',
  'Upload-Checksum: sha1 AAAA',
  'Idempotency-Key: k',
  'Origin: null',
  'Origin: http://[',
  'X-Forwarded-For: ,,,',
  'Repr-Digest: sha-256=:x:',
];
const PART = (name: string, body: string): string =>
  `--x\r\nContent-Disposition: form-data; name="${name}"; filename="m.onnx"\r\n\r\n${body}\r\n`;

/** A well-formed request to one of the routes, then damaged here and there. */
export function makeCase(random: Random, routes: Route[]): Case {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const route = pick(routes);
  const body = bodyOf(route, pick, random);
  const headers = [
    'Host: bridge',
    'Authorization: Bearer ada',
    'Content-Type: application/json',
    ...(body ? [`Content-Length: ${Buffer.byteLength(body)}`] : []),
  ];
  for (let n = Math.floor(random() * 6); n > 0; n -= 1)
    headers.splice(Math.floor(random() * headers.length), random() < 0.3 ? 1 : 0, pick(HEADERS));
  if (random() < 0.02) headers.push(...Array.from({ length: 500 }, (_each, n) => `X-${n}: ${n}`));
  const method =
    random() < 0.15
      ? pick(['CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'HEAD', 'GET', 'POST', 'DELETE', 'BREW'])
      : route.method;
  let text = `${method} ${damaged(route.path, pick, random)} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
  if (random() < 0.2) text = damaged(text, pick, random);
  if (random() < 0.15) text = text.slice(0, Math.floor(random() * text.length));
  return { text, ending: pick(['wait', 'wait', 'reset', 'end'] as const) };
}

function damaged(text: string, pick: <T>(list: readonly T[]) => T, random: Random): string {
  if (random() < 0.5) return text;
  const at = Math.floor(random() * (text.length + 1));
  return text.slice(0, at) + pick(HOSTILE) + text.slice(at + (random() < 0.5 ? 1 : 0));
}

function bodyOf(
  { method, fields }: Route,
  pick: <T>(list: readonly T[]) => T,
  random: Random,
): string {
  if (method === 'GET' && random() < 0.9) return '';
  if (random() < 0.2)
    return (
      PART('metadata', pick(VALUES)) +
      PART('modelFile', 'w') +
      PART('dockerfile', 'FROM a') +
      (random() < 0.7 ? '--x--' : '')
    );
  return `{${fields
    .filter(() => random() < 0.7)
    .map((field) => `"${field}":${pick(VALUES)}`)
    .join(',')}}`;
}
