import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  boundaryOf,
  MultipartReader,
  type PartHead,
} from '../../../../src/http/uploads/multipart.ts';
import { tries } from '../../fuzz.ts';

interface Got {
  head: PartHead;
  body: Buffer;
}

/**
 * Feeds `chunks`, waiting where the reader asks for it; each sink's write settles later, so that a
 * reader that does not wait shows.
 */
async function read(boundary: string, chunks: Buffer[]): Promise<Got[]> {
  const got: Got[] = [];
  let open = 0;
  const reader = new MultipartReader(boundary, async (head) => {
    expect(open++).to.equal(0);
    const body: Buffer[] = [];
    return {
      write: (chunk) => {
        body.push(Buffer.from(chunk));
        return Promise.resolve();
      },
      end: async () => {
        open -= 1;
        got.push({ head, body: Buffer.concat(body) });
      },
    };
  });
  for (const chunk of chunks) await reader.write(chunk);
  reader.end();
  return got;
}

const form = (boundary: string, parts: { head: string; body: Buffer }[]): Buffer =>
  Buffer.concat([
    ...parts.flatMap(({ head, body }) => [
      Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
      body,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
const cut = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
const problem = async (work: () => Promise<unknown>): Promise<string> =>
  work().then(
    () => 'none',
    (error: Error) => error.message,
  );

describe('MultipartReader', () => {
  it('gives back any bodies, whatever the chunks', async () => {
    // Bodies made of the delimiter's own pieces are the hard ones.
    const shard = fc.constantFrom(
      '\r',
      '\n',
      '-',
      '--',
      'B',
      '\r\n',
      '\r\n-',
      '\r\n--',
      '\r\n--B',
      '\r\n--Bo',
      '\r\n\r\n',
      'x',
      '\r\r\n--Bou',
    );
    const body = fc
      .array(shard, { maxLength: 30 })
      .map((shards) => Buffer.from(shards.join('').replaceAll('\r\n--Bound', '')));
    await fc.assert(
      fc.asyncProperty(
        fc.array(body, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        async (bodies, size) => {
          const bytes = form(
            'Bound',
            bodies.map((each, index) => ({
              head: `Content-Disposition: form-data; name="f${index}"`,
              body: each,
            })),
          );
          const got = await read('Bound', cut(bytes, size));
          expect(
            got.map(({ head, body: each }) => [head.name, each.toString('hex')]),
          ).to.deep.equal(bodies.map((each, index) => [`f${index}`, each.toString('hex')]));
        },
      ),
      tries(200),
    );
  });

  it('hands on a large body unchanged at each chunk size', async () => {
    const body = randomBytes(300_000);
    for (const size of [1000, 65_536, 400_000]) {
      const [got] = await read(
        '----WebKitFormBoundaryAbC',
        cut(
          form('----WebKitFormBoundaryAbC', [
            { head: 'Content-Disposition: form-data; name="a"; filename="m.bin"', body },
          ]),
          size,
        ),
      );
      expect(got!.body.equals(body)).to.equal(true);
      expect(got!.head.filename).to.equal('m.bin');
    }
  });

  it('reads names as browsers and curl write them', async () => {
    const names: [string, string][] = [
      ['filename="a b.bin"', 'a b.bin'],
      ['filename="q%22q.bin"', 'q"q.bin'],
      ['filename="q\\"q.bin"', 'q"q.bin'],
      ['filename="größe.bin"', 'größe.bin'],
      ['filename="x"; filename*=UTF-8\'\'gr%C3%B6%C3%9Fe.bin', 'größe.bin'],
      ['filename=plain.bin', 'plain.bin'],
    ];
    for (const [written, name] of names) {
      const [got] = await read('B', [
        form('B', [
          {
            head: `content-disposition: form-data; name="f"; ${written}\r\nContent-Type: text/plain`,
            body: Buffer.from('x'),
          },
        ]),
      ]);
      expect(got!.head.filename).to.equal(name);
      expect(got!.head.headers['content-type']).to.equal('text/plain');
    }
  });

  it('refuses what it cannot read', async () => {
    const whole = form('B', [
      { head: 'Content-Disposition: form-data; name="f"', body: Buffer.from('x') },
    ]);
    expect(await problem(() => read('B', [whole.subarray(0, -6)]))).to.match(/closing boundary/);
    expect(await problem(() => read('B', [Buffer.from('nothing at all')]))).to.match(
      /closing boundary/,
    );
    expect(
      await problem(() => read('B', [Buffer.from('--B\r\nX: 1\r\n\r\nbody\r\n--B--')])),
    ).to.match(/no form-data name/);
    expect(await problem(() => read('B', [Buffer.from(`--B\r\n${'x'.repeat(20_000)}`)]))).to.match(
      /longer than/,
    );
    expect(await problem(() => read('B', [Buffer.from('--Bxyz\r\n\r\n')]))).to.match(
      /followed by other text/,
    );
    const many = form(
      'B',
      Array.from({ length: 101 }, () => ({
        head: 'Content-Disposition: form-data; name="f"',
        body: Buffer.from('x'),
      })),
    );
    expect(await problem(() => read('B', [many]))).to.match(/more than 100/);
  });

  it('finds the boundary in a Content-Type', () => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).to.equal('abc');
    expect(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b"')).to.equal('a b');
    for (const type of [
      undefined,
      'application/json',
      'multipart/form-data',
      'multipart/form-data; boundary=',
    ])
      expect(() => boundaryOf(type)).to.throw(/multipart/);
  });
});
