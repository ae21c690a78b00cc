import { defineConfig } from 'vitest/config';

/** `npm run test:guest`: real kernels in QEMU. Says in one line why it is skipped where something is missing. */
export default defineConfig({
  test: {
    include: ['test/live/**/*.test.ts'],
    testTimeout: 420_000,
    hookTimeout: 420_000,
    fileParallelism: false,
  },
});
