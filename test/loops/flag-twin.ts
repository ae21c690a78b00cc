import type { FlagRules } from '../../src/decode/flag-names.ts';
import { FAKE_HEAD, type Folios, PLAIN } from '../../src/decode/folios.ts';

/** The set of flags of a page, as a bigint: one rule after the other. */
export function resolveFlags(rules: FlagRules, word: bigint, folios: Folios, page: number): bigint {
  const place = folios.place[page]!;
  if (place === FAKE_HEAD) return 0n;
  const isTail = place !== PLAIN;
  const bits = word & (isTail ? rules.tailBits : rules.bits);
  const has = (set: bigint, bit: number): boolean => ((set >> BigInt(bit)) & 1n) === 1n;
  let out = bits;
  for (const rule of rules.rules) {
    if (!has(out, rule.bit)) continue;
    if (((rule.places >> place) & 1) === 0) continue;
    if (rule.kinds !== 0 && (rule.kinds & (1 << folios.kind[page]!)) === 0) continue;
    if (rule.types !== 0 && (rule.types & (1 << folios.type[page]!)) === 0) continue;
    if (rule.withBit >= 0 && !has(bits, rule.withBit)) continue;
    if (rule.withoutBit >= 0 && has(bits, rule.withoutBit)) continue;
    out = (out & ~(1n << BigInt(rule.bit))) | (1n << BigInt(rule.to));
  }
  return out;
}
