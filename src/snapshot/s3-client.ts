import { UnsupportedError } from '../core/errors.ts';

/** The client of S3. It is optional: it has 20 MB. */
export type S3Sdk = typeof import('@aws-sdk/client-s3');

/** Loads the client of S3. Throws UnsupportedError, which says what to install, if it is missing. */
export async function loadS3Sdk(): Promise<S3Sdk> {
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
