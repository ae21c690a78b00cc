/** A number as 0x and hexadecimal digits. */
export function hexText(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/**
 * A size in the largest unit in which it is at least 1, e.g. `452 KiB`, `1.5 MiB`. Above KiB it has
 * `digits` decimals; by default one, and none if the number is whole.
 */
export function sizeText(bytes: number, digits?: number): string {
  let unit = 0;
  let size = bytes / 1024;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  const whole = unit === 0 || (digits === undefined && Number.isInteger(size));
  return `${whole ? Math.round(size) : size.toFixed(digits ?? 1)} ${UNITS[unit]}`;
}
