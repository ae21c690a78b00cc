const FIRST_SLOTS = 1024;

/** Numbers for distinct tuples of 32-bit integers, in the order in which they are first met. */
export class Tuples {
  readonly width: number;
  #values: Int32Array<ArrayBuffer>;
  #slots: Int32Array<ArrayBuffer> = new Int32Array(FIRST_SLOTS).fill(-1);
  #count = 0;

  constructor(width: number) {
    this.width = width;
    this.#values = new Int32Array(width * FIRST_SLOTS);
  }

  get count(): number {
    return this.#count;
  }

  /** Value `lane` of tuple `number`. */
  value(number: number, lane: number): number {
    return this.#values[number * this.width + lane]!;
  }

  /** The number of a tuple; -1 if it is new and `most` are there. */
  numberOf(tuple: Int32Array, most: number): number {
    const { width } = this;
    const mask = this.#slots.length - 1;
    let slot = hash(tuple, width) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]!;
      if (number < 0) break;
      const at = number * width;
      let lane = 0;
      while (lane < width && this.#values[at + lane] === tuple[lane]) lane++;
      if (lane === width) return number;
    }
    if (this.#count >= most) return -1;
    if ((this.#count + 1) * width > this.#values.length) {
      const values = new Int32Array(this.#values.length * 2);
      values.set(this.#values);
      this.#values = values;
    }
    this.#values.set(tuple, this.#count * width);
    this.#slots[slot] = this.#count++;
    if (this.#count * 2 > this.#slots.length) this.#grow();
    return this.#count - 1;
  }

  #grow(): void {
    const { width } = this;
    const slots = new Int32Array(this.#slots.length * 4).fill(-1);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#count; number++) {
      let slot = hash(this.#values.subarray(number * width, (number + 1) * width), width) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
  }
}

/** FNV-1a over words, with the high bits mixed into the low ones that choose a slot. */
function hash(tuple: Int32Array, width: number): number {
  let value = 0x811c9dc5;
  for (let lane = 0; lane < width; lane++) value = Math.imul(value ^ tuple[lane]!, 0x01000193);
  value ^= value >>> 15;
  value = Math.imul(value, 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
