import { defineConfig } from 'vitest/config';

/** `npm run test:guest`: real kernels in QEMU. Says in one line why it is skipped where something is missing. */
export default defineConfig({
  test: {
    include: ['test/live/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
