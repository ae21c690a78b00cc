import type { Inspector } from './inspector.ts';

export function checkLayout(_inspector: Inspector): void {}
