/**
 * Run by nginx (njs) over every answer of a served model: what is not listed here does not reach a
 * browser. A list of what is dangerous would be out of date with the next header that browsers
 * learn.
 */
const KEPT = [
  'accept-ranges',
  'age',
  'allow',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'retry-after',
  'vary',
  'inference-header-content-length',
  'x-creativeflow-revision',
];
const KEPT_FAMILY = /^x-ratelimit-[a-z-]+$/;
/** Stays at this origin: below an endpoint or a preview, or relative and without a scheme. */
const OWN_ADDRESS = /^(\/(endpoints|previews)\/[^\\]*|[?#][^\\]*|[\w.~%-]+([/?#][^\\]*)?)$/;

function filter(r) {
  // nginx takes an interim answer (103, 100) for the last one and hands on what follows it, headers
  // and all, unread
  if (r.status < 200) throw new Error(`an answer ${r.status} of a served model is cut off`);
  // and what has no head of its own it would hand on as HTTP/0.9, without any of ours
  if (r.httpVersion === '0.9')
    throw new Error('an answer of a served model without a head is cut off');
  const type = oneLine(r.headersOut['Content-Type']);
  const location = oneLine(r.headersOut['Location']);
  Object.keys(r.headersOut).forEach((name) => {
    const key = name.toLowerCase();
    if (KEPT.indexOf(key) < 0 && !KEPT_FAMILY.test(key)) delete r.headersOut[name];
  });
  // Each part of a multipart answer has headers of its own, and some browsers obey them. Any other
  // type stays as it is: written again, nginx would add its charset once more.
  if (type === '' || /multipart\//i.test(type))
    r.headersOut['Content-Type'] = 'application/octet-stream';
  if (location !== '' && OWN_ADDRESS.test(location)) r.headersOut['Location'] = location;
}

function oneLine(value) {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? String(value[0]) : String(value);
}

export default { filter };
