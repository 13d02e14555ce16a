import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { layerFrame } from '../../../../src/domain/builds/model-layer.ts';

const tar = (bytes: Buffer): string =>
  execFileSync(
    'tar',
    ['--list', '--verbose', '--numeric-owner', '--full-time', '--utc', '--file', '-'],
    { input: bytes },
  )
    .toString('utf8')
    .replace(/\s+/g, ' ')
    .trim();

describe('layer of a model', () => {
  for (const [path, size, told] of [
    ['srv/model.bin', 5, '-rw-r--r-- 65532/1 5 1970-01-01 00:00:00 srv/model.bin'],
    ['srv/model.bin', 1024, '-rw-r--r-- 65532/1 1024 1970-01-01 00:00:00 srv/model.bin'],
    [
      `srv/${'deep/'.repeat(30)}model.bin`,
      5,
      `-rw-r--r-- 65532/1 5 1970-01-01 00:00:00 srv/${'deep/'.repeat(30)}model.bin`,
    ],
  ] as const) {
    it(`is a tar of one file: ${path.slice(0, 30)}, ${size} bytes`, () => {
      const frame = layerFrame({ path, uid: 65532, gid: 1, mode: 0o644 }, size);
      const bytes = Buffer.concat([frame.head, Buffer.alloc(size, 'x'), frame.tail]);
      expect(bytes.length).to.equal(frame.size);
      expect(bytes.length % 512).to.equal(0);
      expect(tar(bytes)).to.equal(told);
    });
  }

  it('tells a size that ustar cannot', () => {
    const size = 20 * 1024 ** 3;
    const { head } = layerFrame({ path: 'm', uid: 0, gid: 0, mode: 0o644 }, size);
    expect(head.subarray(512, 1024).toString('utf8').replace(/\0+$/, '')).to.equal(
      `20 size=${size}\n`,
    );
  });
});
