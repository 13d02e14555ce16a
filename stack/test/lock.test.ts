import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeLock } from '../lock.ts';

describe('the lock of a checkout', () => {
  const state = mkdtempSync(join(tmpdir(), 'lock-'));
  after(() => rmSync(state, { recursive: true }));

  it('is refused to a second command, which is told who has it', async () => {
    const release = await takeLock(state, 'up');
    const fault = await takeLock(state, 'down').then(
      () => null,
      (error: Error) => error.message,
    );
    expect(fault).to.equal(
      `"stack up" is running here already (pid ${process.pid}). Wait for it, or end it with: kill ${process.pid}`,
    );
    release();
    (await takeLock(state, 'down'))();
  });

  it('is free again when its holder was killed', async () => {
    const holder = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        `
      import { takeLock } from ${JSON.stringify(join(import.meta.dirname, '../lock.ts'))};
      await takeLock(${JSON.stringify(state)}, 'up');
      console.log('taken');
      setInterval(() => undefined, 1000);
    `,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(
      await takeLock(state, 'down').then(
        () => null,
        (error: Error) => error.message,
      ),
    ).to.include(`(pid ${holder.pid})`);
    holder.kill('SIGKILL');
    await new Promise((resolve) => holder.on('exit', resolve));
    (await takeLock(state, 'down'))();
  });

  it('of another checkout is another one', async () => {
    const release = await takeLock(state, 'up');
    const other = mkdtempSync(join(tmpdir(), 'lock-'));
    (await takeLock(other, 'up'))();
    release();
    rmSync(other, { recursive: true });
  });
});
