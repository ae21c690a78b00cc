import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { OPENMETRICS, OutputError, StructPageError } from '../index.ts';

/** Where to listen. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Most clients at a time, and the time that each may take for its request. */
const CLIENTS = 64;
const REQUEST_MILLISECONDS = 10_000;
const PATH = '/metrics';

/** Serves the text that `measure` returns until the signal. Throws OutputError if it cannot listen. */
export async function serveMetrics(
  { host, port }: Endpoint,
  measure: () => Promise<string>,
  {
    signal,
    listening,
    failed,
  }: {
    readonly signal: AbortSignal;
    /** Receives the address. */
    listening(url: string): void;
    /** Receives why a sample could not be taken. */
    failed(why: string): void;
  },
): Promise<void> {
  const { createServer } = await import('node:http');
  let fatal: unknown;
  const server = createServer({ requestTimeout: REQUEST_MILLISECONDS }, (request, response) => {
    answer(request, response, measure).catch((error: unknown) => {
      if (error instanceof StructPageError) {
        if (!signal.aborted) failed(error.message);
        send(response, 503, 'text/plain; charset=utf-8', `${error.message}\n`);
      } else if (!signal.aborted) {
        fatal = error;
        server.close();
        server.closeAllConnections();
      }
    });
  });
  server.maxConnections = CLIENTS;
  await listen(server, { host, port });
  const address = server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  listening(`http://${host.includes(':') ? `[${host}]` : host}:${actual}${PATH}`);
  await new Promise<void>((resolve) => {
    server.on('close', () => resolve());
    const stop = (): void => {
      server.close();
      server.closeAllConnections();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  if (fatal !== undefined) throw fatal;
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  measure: () => Promise<string>,
): Promise<void> {
  const plain = 'text/plain; charset=utf-8';
  const [path] = url.split('?');
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    send(response, 405, plain, 'Only GET and HEAD are answered.\n');
  } else if (path !== PATH) {
    send(response, 404, plain, `The metrics are at ${PATH}.\n`);
  } else send(response, 200, OPENMETRICS, await measure());
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  // Node.js leaves out the body for HEAD
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'permission denied; ports below 1024 need root',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  EINVAL: 'this is no address that can be listened on',
};

function listen(server: Server, { host, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = WHY[error.code ?? ''];
      reject(why === undefined ? error : new OutputError(`cannot listen on ${host} port ${port}: ${why}`));
    });
    server.listen({ host, port }, () => resolve());
  });
}
