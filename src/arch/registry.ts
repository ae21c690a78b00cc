import type { Architecture } from './architecture.ts';
import { arm64 } from './arm64.ts';
import { armhf } from './armhf.ts';
import { i386 } from './i386.ts';
import { ppc64le } from './ppc64le.ts';
import { riscv64 } from './riscv64.ts';
import { s390x } from './s390x.ts';
import { x86_64 } from './x86_64.ts';

/** Every supported architecture, the likelier first, since raw images do not name theirs. */
export const ARCHITECTURES: readonly Architecture[] = [x86_64, arm64, riscv64, s390x, ppc64le, i386, armhf];
