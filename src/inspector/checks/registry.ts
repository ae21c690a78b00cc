import type { Check } from './check.ts';
import { kernelText } from './kernel-text.ts';
import { sample } from './sample.ts';
import { vmcoreinfo } from './vmcoreinfo.ts';
import { zones } from './zones.ts';

/** Every check, the cheapest and most telling first. */
export const CHECKS: readonly Check[] = [vmcoreinfo, zones, kernelText, sample];
