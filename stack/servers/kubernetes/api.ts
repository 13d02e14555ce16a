import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { StackContext } from '../../server.ts';
import { pkiFolder } from './pki.ts';

const QUESTION_DEADLINE_MS = 3000;

/**
 * A GET at the API server as administrator; null when it does not answer with 200. Cheap enough to
 * be asked while waiting, where kubectl is not.
 */
export function askApi(context: StackContext, path: string): Promise<string | null> {
  const file = (name: string): Buffer => readFileSync(join(pkiFolder(context), name));
  return new Promise((resolve) => {
    try {
      const options = {
        host: '127.0.0.1',
        port: context.ports.apiserver,
        path,
        ca: file('ca.crt'),
        cert: file('admin.crt'),
        key: file('admin.key'),
        timeout: QUESTION_DEADLINE_MS,
        agent: false,
      };
      const question = request(options, (answer) => {
        let body = '';
        answer
          .setEncoding('utf8')
          .on('data', (chunk: string) => (body += chunk))
          .on('end', () => resolve(answer.statusCode === 200 ? body : null));
      });
      question
        .on('timeout', () => question.destroy())
        .on('error', () => resolve(null))
        .on('close', () => resolve(null))
        .end();
    } catch {
      resolve(null); // no certificates yet: it was never started here
    }
  });
}

export async function apiReady(context: StackContext): Promise<boolean> {
  return (await askApi(context, '/readyz')) === 'ok';
}
