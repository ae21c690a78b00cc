import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { milliseconds } from '../core/clock.ts';
import { OutputError } from '../core/errors.ts';
import {
  isNetworkCode,
  loadS3Sdk,
  makeS3Client,
  parseS3Address,
  type S3Failure,
  type S3Sdk,
  s3Reason,
} from './s3-client.ts';
import type { Store } from './store.ts';

/** How long one attempt to put an object may take at first, and for each byte of it (64 KiB/s). */
const ATTEMPT_MS = 15_000;
const MS_PER_BYTE = 1000 / 65_536;
const FIRST_PAUSE_MS = 200;
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
    const { bucket, prefix, name } = parseS3Address(address);
    this.#patience = patience;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.name = name;
  }

  async open(): Promise<void> {
    const sdk = await loadS3Sdk();
    this.#sdk = sdk;
    // attempts are counted here, since a file is read anew for each
    this.#client = makeS3Client(sdk, 1);
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
        throw new OutputError(`cannot write ${this.name}/${path}: ${s3Reason(error)}`);
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

/** Whether another attempt may succeed: the server was busy, or could not be reached. */
function isPassing(error: unknown): boolean {
  const { $metadata, code, name } = error as S3Failure;
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return status === 429 || (status >= 500 && status !== 501 && status !== 507);
  return isNetworkCode(code) || name === 'AbortError' || name === 'TimeoutError';
}
