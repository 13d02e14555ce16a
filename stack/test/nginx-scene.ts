import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { freePort } from '../free-port.ts';
import { resolvePorts, type Ports } from '../ports.ts';
import { portAnswers, waitFor } from '../process.ts';
import { ensureCertificate, tlsFolder } from '../servers/certificate.ts';
import { nginxConfiguration } from '../servers/nginx-conf.ts';
import type { StackContext } from '../server.ts';

export interface Heard {
  head: string;
  method: string;
  path: string;
  headers: Record<string, string>;
}
export interface RawAnswer {
  text: string;
  status: number;
  headers: [name: string, value: string][];
  body: string;
}

/**
 * nginx with the stack's own configuration, on ports of its own. Behind it: a gateway that answers
 * byte for byte what a test wants of a served model, and one server in the place of both bridge and
 * Odoo that notes what reaches it.
 */
export class NginxScene {
  readonly folder = mkdtempSync(join(tmpdir(), 'creativeflow-nginx-'));
  /** what reached the served model, and what reached bridge or Odoo */
  readonly served: Heard[] = [];
  readonly app: Heard[] = [];
  /** what the model answers: raw bytes */
  answer: (heard: Heard) => string | Buffer = () =>
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  ports!: Ports;
  #gateway!: NetServer;
  #app!: Server;
  #nginx!: ChildProcess;

  /** `gatewayPort`: of a real gateway, in the place of the one that answers byte for byte. */
  static async start(corsOrigins: string[] = [], gatewayPort?: number): Promise<NginxScene> {
    const scene = new NginxScene();
    await scene.#start(corsOrigins, gatewayPort);
    return scene;
  }

  get appUrl(): string {
    return `https://127.0.0.1:${this.ports.nginxHttps}`;
  }
  get endpointsUrl(): string {
    return `https://127.0.0.1:${this.ports.nginxEndpoints}`;
  }
  get ca(): Buffer {
    return readFileSync(join(this.folder, 'tls/ca.crt'));
  }

  async #start(corsOrigins: string[], gatewayPort?: number): Promise<void> {
    const names = ['nginxHttps', 'nginxEndpoints', 'nginxHttp', 'traefikWeb', 'bridge'] as const;
    const free: Partial<Ports> = {};
    for (const name of names) free[name] = await freePort();
    this.ports = resolvePorts({}, { ...free });
    this.ports.odoo = this.ports.bridge;
    await this.#listen();
    if (gatewayPort !== undefined) this.ports.traefikWeb = gatewayPort;
    const context = { state: this.folder } as StackContext;
    await ensureCertificate(context);
    mkdirSync(join(this.folder, 'pwa/assets'), { recursive: true });
    writeFileSync(join(this.folder, 'pwa/index.html'), '<!doctype html><title>app</title>');
    const file = join(this.folder, 'nginx.conf');
    const settings = {
      folder: this.folder,
      tls: tlsFolder(context),
      pwa: join(this.folder, 'pwa'),
      ports: this.ports,
    };
    writeFileSync(file, nginxConfiguration({ ...settings, corsOrigins }));
    this.#nginx = spawn('nginx', ['-p', this.folder, '-c', file, '-g', 'daemon off;'], {
      stdio: 'ignore',
    });
    await waitFor('nginx', 20_000, () => portAnswers(this.ports.nginxEndpoints));
  }

  async #listen(): Promise<void> {
    this.#gateway = createServer((socket) => this.#serve(socket));
    this.#app = createHttpServer((request, response) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      this.app.push({
        head: request.rawHeaders.join('\n'),
        method: request.method!,
        path: request.url!,
        headers,
      });
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>app</title>');
    });
    await new Promise<void>((resolve) =>
      this.#gateway.listen(this.ports.traefikWeb, '127.0.0.1', resolve),
    );
    await new Promise<void>((resolve) => this.#app.listen(this.ports.bridge, '127.0.0.1', resolve));
  }

  #serve(socket: Socket): void {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      const head = text.split('\r\n\r\n')[0]!;
      const [first, ...lines] = head.split('\r\n');
      const [method = '', path = ''] = first!.split(' ');
      const headers = Object.fromEntries(
        lines.map((line) => [
          line.split(':')[0]!.toLowerCase(),
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
      );
      const heard = { head, method, path, headers };
      this.served.push(heard);
      socket.end(this.answer(heard));
      text = '';
    });
  }

  /**
   * Sends these bytes over a connection of its own and reads until the other side ends it, or says
   * no more.
   */
  async raw(port: number, text: string, plain = false): Promise<RawAnswer> {
    const socket = plain
      ? connect(port, '127.0.0.1')
      : connectTls({ port, host: '127.0.0.1', ca: this.ca, checkServerIdentity: () => undefined });
    const chunks: Buffer[] = [];
    await new Promise<void>((resolve) => {
      socket.on(plain ? 'connect' : 'secureConnect', () => socket.write(text, 'latin1'));
      socket
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('close', () => resolve())
        .on('error', () => undefined);
      socket.setTimeout(3_000, () => socket.destroy());
    });
    return parse(Buffer.concat(chunks).toString('latin1'));
  }

  /** One request with these header lines, at the endpoints' origin unless another port is said. */
  get(path: string, lines: string[] = [], port = this.ports.nginxEndpoints): Promise<RawAnswer> {
    const named = lines.some((line) => /^host:/i.test(line)) ? [] : [`Host: 127.0.0.1:${port}`];
    return this.raw(
      port,
      [`GET ${path} HTTP/1.1`, ...named, ...lines, 'Connection: close', '', ''].join('\r\n'),
    );
  }

  async stop(): Promise<void> {
    if (this.#nginx && this.#nginx.exitCode === null) {
      const ended = new Promise((resolve) => this.#nginx.once('exit', resolve));
      this.#nginx.kill('SIGTERM');
      await ended;
    }
    await this.stopBehind();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async stopBehind(): Promise<void> {
    this.#app.closeAllConnections();
    const closed = (server: NetServer | Server): Promise<unknown> =>
      new Promise((resolve) => server.close(resolve));
    await Promise.all([closed(this.#gateway), closed(this.#app)]);
  }
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end < 0 ? text.length : end).split('\r\n');
  const headers = lines.map((line): [string, string] => [
    line.split(':')[0]!.toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return {
    text,
    status: Number(first.split(' ')[1] ?? 0),
    headers,
    body: end < 0 ? '' : text.slice(end + 4),
  };
}

export function valuesOf(answer: RawAnswer, name: string): string[] {
  return answer.headers.filter(([one]) => one === name).map(([, value]) => value);
}
