import { UnsupportedError } from '../core/errors.ts';

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
