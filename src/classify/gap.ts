/** A walk that could not be finished. */
export interface Gap {
  /** What was walked. */
  readonly what: string;
  readonly why: string;
}
