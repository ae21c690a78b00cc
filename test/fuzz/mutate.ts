import type { Random } from './random.ts';

/** Bytes like `input`, with some changes of the kinds that damage and malice make. */
export function mutateBytes(random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(input);
  for (let n = 1 + random.below(random.chance(0.2) ? 16 : 4); n > 0; n--)
    bytes = changed(random, bytes, others);
  return bytes;
}

function changed(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  if (bytes.length === 0) return random.bytes(random.below(64));
  // headers decide more than what is behind them
  const at = random.below(random.chance(0.6) ? Math.min(bytes.length, 512) : bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (random.below(10)) {
    case 0:
    case 1:
      bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 2:
      bytes[at] = random.word();
      return bytes;
    case 3:
    case 4:
    case 5: {
      const size = random.pick([2, 4, 8]);
      const to = Math.floor(at / size) * size;
      if (to + size > bytes.length) return bytes;
      const little = random.chance(0.8);
      const value = random.number();
      if (size === 2) view.setUint16(to, Number(value & 0xffffn), little);
      else if (size === 4) view.setUint32(to, Number(value & 0xffffffffn), little);
      else view.setBigUint64(to, value, little);
      return bytes;
    }
    case 6:
      bytes.copyWithin(random.below(bytes.length), at, at + 1 + random.below(64));
      return bytes;
    case 7:
      return bytes.slice(0, at);
    case 8: {
      const other = others.length > 0 ? random.pick(others) : bytes;
      const from = random.below(other.length);
      const part = other.subarray(from, from + 1 + random.below(256));
      return Uint8Array.from(Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]));
    }
    default:
      return Uint8Array.from(
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16))]),
      );
  }
}

/** Text like `input`: numbers at edges, lines and words that are lost, doubled and swapped, characters that do not belong. */
export function mutateText(random: Random, input: string, words: readonly string[]): string {
  let text = input;
  for (let n = 1 + random.below(4); n > 0; n--) text = changedText(random, text, words);
  return text.slice(0, 200_000);
}

function changedText(random: Random, text: string, words: readonly string[]): string {
  const at = random.below(text.length + 1);
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2: {
      const numbers = [...text.matchAll(/\b(0x)?[0-9a-f]*[0-9][0-9a-f]*\b/gi)];
      if (numbers.length === 0) return text;
      const one = random.pick(numbers);
      const value = random.number();
      const put = random.chance(0.1)
        ? `-${value}`
        : one[1] !== undefined || /[a-f]/i.test(one[0])
          ? value.toString(16)
          : `${value}`;
      return text.slice(0, one.index) + put + text.slice(one.index + one[0].length);
    }
    case 3: {
      const lines = text.split('\n');
      const line = random.below(lines.length);
      if (random.chance(0.5)) lines.splice(line, 1);
      else lines.splice(line, 0, random.pick(lines));
      return lines.join('\n');
    }
    case 4:
      return text.slice(0, at) + random.pick(words) + text.slice(at);
    case 5:
      return text.slice(0, at) + text.slice(at + 1 + random.below(8));
    case 6:
      return (
        text.slice(0, at) +
        String.fromCharCode(random.below(random.chance(0.8) ? 128 : 65536)) +
        text.slice(at)
      );
    default: {
      const word = random.pick(words);
      return (
        text.slice(0, at) + word.repeat(1 + random.below(random.chance(0.05) ? 2000 : 4)) + text.slice(at)
      );
    }
  }
}
