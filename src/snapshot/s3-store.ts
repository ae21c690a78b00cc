import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { milliseconds } from '../core/clock.ts';
import { OutputError, UsageError } from '../core/errors.ts';
import { loadS3Sdk, type S3Sdk } from './s3-client.ts';
import type { Store } from './store.ts';

/** How long one attempt to put an object may take at first, and for each byte of it (64 KiB/s). */
const ATTEMPT_MS = 15_000;
const MS_PER_BYTE = 1000 / 65_536;
const FIRST_PAUSE_MS = 200;
/** The client would print what the store tells in its own words. */
const nothing = (): void => {};
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
/** The most that one PUT takes. */
const MOST_BYTES = 5 * 2 ** 30;

/** A store that is a bucket, with a prefix. Its address, region and credentials are those of the AWS tools. */
export class S3Store implements Store {
  readonly name: string;
  readonly #bucket: string;
  readonly #prefix: string;
  #sdk: S3Sdk | undefined;
  #client: InstanceType<S3Sdk['S3Client']> | undefined;
  /** Once no attempt has succeeded in all the time there is, the store is not tried again. */
  #isLost = false;

  readonly #patience: number;

  /**
   * `patience` is how long the attempts to put an object may take, in milliseconds; none begins later. Throws UsageError for
   * an address that is not s3://bucket/prefix.
   */
  constructor(address: string, patience: number) {
    const [, bucket, prefix = ''] =
      /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(address) ?? [];
    if (bucket === undefined) {
      throw new UsageError(
        `'${address}' is not the address of a store: write s3://bucket or s3://bucket/prefix`,
      );
    }
    this.#patience = patience;
    this.#bucket = bucket;
    this.#prefix = prefix.replace(/\/+$/, '');
    this.name = `s3://${bucket}${this.#prefix === '' ? '' : `/${this.#prefix}`}`;
  }

  async open(): Promise<void> {
    const sdk = await loadS3Sdk();
    const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
    this.#sdk = sdk;
    this.#client = new sdk.S3Client({
      region: process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1',
      // other servers mostly have no names for buckets
      ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
      // the MD5 of an object is checked by all servers
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // attempts are counted here, since a file is read anew for each
      maxAttempts: 1,
      logger: SILENT,
    });
  }

  async put(path: string, file: string): Promise<void> {
    const { size } = statSync(file);
    if (size > MOST_BYTES) {
      throw new OutputError(`${file} is larger than 5 GiB: use fewer --columns, or --sample`);
    }
    if (this.#isLost) throw new OutputError(`cannot write ${this.name}: it does not answer`);
    const md5 = await md5Of(file);
    const end = milliseconds() + this.#patience;
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      try {
        return await this.#attempt(path, file, size, md5);
      } catch (error) {
        const last = milliseconds() + pause > end;
        if (!last && isPassing(error)) {
          await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
          continue;
        }
        this.#isLost = isPassing(error);
        throw new OutputError(`cannot write ${this.name}/${path}: ${reasonOf(error)}`);
      }
    }
  }

  close(): void {
    this.#client?.destroy();
  }

  async #attempt(path: string, file: string, size: number, md5: string): Promise<void> {
    const { PutObjectCommand } = this.#sdk!;
    const body = createReadStream(file);
    try {
      await this.#client!.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: this.#prefix === '' ? path : `${this.#prefix}/${path}`,
          Body: body,
          ContentLength: size,
          ContentMD5: md5,
          ContentType: 'application/vnd.apache.parquet',
        }),
        { abortSignal: AbortSignal.timeout(Math.ceil(ATTEMPT_MS + size * MS_PER_BYTE)) },
      );
    } finally {
      body.destroy();
    }
  }
}

async function md5Of(file: string): Promise<string> {
  const hash = createHash('md5');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('base64');
}

interface S3Failure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Errors of sockets and of names. */
const NETWORK = /^(ECONN|EHOST|ENET|EAI_|EPIPE|ETIMEDOUT|ENOTFOUND)/;

/** Whether another attempt may succeed: the server was busy, or could not be reached. */
function isPassing(error: unknown): boolean {
  const { $metadata, code, name } = error as S3Failure;
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return status === 429 || (status >= 500 && status !== 501 && status !== 507);
  return NETWORK.test(code ?? '') || name === 'AbortError' || name === 'TimeoutError';
}

/** Why an attempt failed, in words; never with credentials. */
function reasonOf(error: unknown): string {
  const { $metadata, code, name, message } = error as S3Failure;
  const status = $metadata?.httpStatusCode;
  if (name === 'CredentialsProviderError') {
    return 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a role of the machine';
  }
  if (code !== undefined && NETWORK.test(code)) return `it cannot be reached (${code})`;
  if (name === 'AbortError' || name === 'TimeoutError') return 'the server does not answer in time';
  if (status !== undefined) return `the server answers ${status} (${name})`;
  return code ?? message ?? String(error);
}
