/** A number as 0x and hexadecimal digits. */
export function hexText(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size in the largest unit in which it is at least 1, e.g. `452 KiB`, `1.5 MiB`. */
export function sizeText(bytes: number): string {
  let unit = 0;
  let size = bytes / 1024;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${Number.isInteger(size) ? size : size.toFixed(1)} ${UNITS[unit]}`;
}
