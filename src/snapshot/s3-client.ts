import { UnsupportedError, UsageError } from '../core/errors.ts';

/** The client of S3. It is optional: it has 20 MB. */
export type S3Sdk = typeof import('@aws-sdk/client-s3');

/** Loads the client of S3. Throws UnsupportedError, which says what to install, if it is missing. */
export async function loadS3Sdk(): Promise<S3Sdk> {
  // what the next versions of the client need is no news for each run of a timer
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  try {
    return await import('@aws-sdk/client-s3');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    throw new UnsupportedError(
      'a store in S3 without its client',
      `install it beside structpage with 'npm install @aws-sdk/client-s3'${isMissing ? '' : ` (${message})`}`,
    );
  }
}

/** The client would print what structpage tells in its own words. */
const nothing = (): void => {};
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A bucket and the prefix of a store in it, without a slash at its end. */
export interface S3Address {
  readonly bucket: string;
  readonly prefix: string;
  /** The address in its shortest form. */
  readonly name: string;
}

/** Takes an address apart. Throws UsageError if it is not s3://bucket/prefix. */
export function parseS3Address(address: string): S3Address {
  const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(address) ?? [];
  if (bucket === undefined) {
    throw new UsageError(
      `'${address}' is not the address of a store: write s3://bucket or s3://bucket/prefix`,
    );
  }
  const prefix = rest.replace(/\/+$/, '');
  return { bucket, prefix, name: `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}` };
}

/** A client whose region, endpoint and credentials are those of the AWS tools. */
export function makeS3Client(sdk: S3Sdk, maxAttempts: number): InstanceType<S3Sdk['S3Client']> {
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  return new sdk.S3Client({
    region: process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1',
    // other servers mostly have no names for buckets
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    // the MD5 of an object is checked by all servers
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts,
    logger: SILENT,
  });
}

/** What the client throws. */
export interface S3Failure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Whether this is the code of an error of sockets or of names. */
export function isNetworkCode(code: string | undefined): boolean {
  return /^(ECONN|EHOST|ENET|EAI_|EPIPE|ETIMEDOUT|ENOTFOUND)/.test(code ?? '');
}

/** Why a request failed, in words; never with credentials. */
export function s3Reason(error: unknown): string {
  const { $metadata, code, name, message } = error as S3Failure;
  const status = $metadata?.httpStatusCode;
  if (name === 'CredentialsProviderError') {
    return 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a role of the machine';
  }
  if (isNetworkCode(code)) return `it cannot be reached (${code})`;
  if (name === 'AbortError' || name === 'TimeoutError') return 'the server does not answer in time';
  if (status !== undefined) return `the server answers ${status} (${name})`;
  return code ?? message ?? String(error);
}
