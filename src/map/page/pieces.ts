/** Pieces that come before those of the tiles. */
export const FIRST_TILE = 4;

/** The compressed pieces in the page, by their index. */
export class Pieces {
  readonly #text: string;
  readonly #lengths: readonly number[];
  readonly #starts: number[] = [];

  constructor(text: string, lengths: readonly number[]) {
    this.#text = text;
    this.#lengths = lengths;
    let at = 0;
    for (const length of lengths) {
      this.#starts.push(at);
      at += Math.ceil(length / 3) * 4;
    }
  }

  async read(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = this.#starts[index]!;
    const text = this.#text.slice(start, start + Math.ceil(this.#lengths[index]! / 3) * 4);
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
}
