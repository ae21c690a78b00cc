import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the server treats requests. */
export type Mood = 'ok' | 'busy' | 'full' | 'slow' | 'down';

/** A server of objects that takes PUT as S3 does, and fails as it is told. Objects appear when all of their bytes have come. */
export class S3Server {
  mood: Mood = 'ok';
  readonly objects: Map<string, Buffer> = new Map();
  /** Keys in the order in which objects were put, and those whose bytes changed when they were put again. */
  readonly puts: string[] = [];
  readonly changed: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  #requests = 0;

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.mood === 'down') {
      request.socket.destroy();
      return;
    }
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(parts);
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
    };
    // a busy server still takes some
    if (this.mood === 'busy' && this.#requests++ % 3 !== 0) return refuse(503, 'SlowDown');
    if (this.mood === 'full') return refuse(507, 'InsufficientStorage');
    if (this.mood === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
    const md5 = createHash('md5').update(body).digest('base64');
    if (request.headers['content-md5'] !== md5) return refuse(400, 'BadDigest');
    const key = decodeURIComponent(new URL(request.url!, 'http://x').pathname);
    const before = this.objects.get(key);
    if (before && !before.equals(body)) this.changed.push(key);
    this.objects.set(key, body);
    this.puts.push(key);
    this.headers.push(request.headers);
    response.writeHead(200, { etag: `"${Buffer.from(md5, 'base64').toString('hex')}"` });
    response.end();
  }
}
