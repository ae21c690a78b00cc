/**
 * The errors that structpage throws. Each carries the data behind its message, so that a program can act on it. The message
 * names what was expected, what was found, where, and what to do.
 */

/** The base class of all errors of structpage. */
export abstract class StructPageError extends Error {
  /** A stable word for the kind of error. */
  abstract readonly code: 'format' | 'fault' | 'unsupported' | 'layout' | 'usage' | 'output';
}

/** A file is not in the format that it claims: it is cut off, contradictory or damaged. */
export class FormatError extends StructPageError {
  readonly code = 'format';
  override readonly name = 'FormatError';
  readonly file: string;
  /** Byte offset in the file, if one is known. */
  readonly offset: number | undefined;
  readonly expected: string;
  readonly found: string;

  constructor(facts: {
    file: string;
    offset?: number | undefined;
    expected: string;
    found: string;
    advice?: string;
  }) {
    const where = facts.offset === undefined ? '' : ` at offset ${facts.offset}`;
    super(
      `${facts.file}: expected ${facts.expected}${where}, found ${facts.found}${facts.advice ? `. ${facts.advice}` : ''}`,
    );
    this.file = facts.file;
    this.offset = facts.offset;
    this.expected = facts.expected;
    this.found = facts.found;
  }
}

/**
 * The reasons why bytes are missing. `not-mapped` applies to virtual addresses only, `torn` and `doubtful` to struct pages
 * only.
 */
export type FaultReason =
  | 'hole'
  | 'excluded'
  | 'truncated'
  | 'damaged'
  | 'unreadable'
  | 'not-mapped'
  | 'torn'
  | 'doubtful';

const REASONS: Record<FaultReason, string> = {
  hole: 'the image does not contain this memory',
  excluded: 'this memory was filtered out of the dump',
  truncated: 'the file ends before it',
  damaged: 'that part of the file is damaged',
  unreadable: 'the source refused to give it',
  'not-mapped': 'no page table maps it',
  torn: 'it changed at each attempt to read it',
  doubtful: 'it is all zero, as the kernel returns for memory that it cannot read',
};

/** An address could not be read or translated. */
export class FaultError extends StructPageError {
  readonly code = 'fault';
  override readonly name = 'FaultError';
  readonly address: bigint;
  readonly space: 'physical' | 'virtual';
  readonly reason: FaultReason;
  /** Page table level at which a walk ended, e.g. `pmd`; undefined if no walk failed. */
  readonly level: string | undefined;
  /** The entry that ended the walk. */
  readonly entry: bigint | undefined;

  constructor(facts: {
    address: bigint;
    space: 'physical' | 'virtual';
    reason: FaultReason;
    level?: string | undefined;
    entry?: bigint | undefined;
    what?: string | undefined;
    /** A remark on this address, or a remedy; a clause without a full stop. */
    advice?: string | undefined;
  }) {
    const level = facts.level === undefined ? '' : ` (walk ended at ${facts.level}`;
    const entry =
      facts.entry === undefined
        ? level
          ? ')'
          : ''
        : `${level ? ', ' : ' ('}entry 0x${facts.entry.toString(16)})`;
    super(
      `${facts.what ? `${facts.what}: ` : ''}cannot read ${facts.space} address 0x${facts.address.toString(16)}: ${REASONS[facts.reason]}${level}${entry}${facts.advice ? `. ${facts.advice}` : ''}`,
    );
    this.address = facts.address;
    this.space = facts.space;
    this.reason = facts.reason;
    this.level = facts.level;
    this.entry = facts.entry;
  }
}

/** The input is well formed, but of a kind that structpage does not support. */
export class UnsupportedError extends StructPageError {
  readonly code = 'unsupported';
  override readonly name = 'UnsupportedError';
  readonly what: string;
  readonly needed: string;

  constructor(what: string, needed: string) {
    super(`${what}: ${needed}`);
    this.what = what;
    this.needed = needed;
  }
}

/** The layout of struct page is unknown, or contradicts the memory. */
export class LayoutError extends StructPageError {
  readonly code = 'layout';
  override readonly name = 'LayoutError';
  /** The member, enumerator or check that failed, e.g. `page._refcount`. */
  readonly member: string;
  readonly evidence: string;

  constructor(member: string, evidence: string, advice?: string) {
    // evidence of several lines names its members itself
    const listed = evidence.includes('\n');
    super(`${listed ? '' : `${member}: `}${evidence}${advice ? `${listed ? '\n' : '. '}${advice}` : ''}`);
    this.member = member;
    this.evidence = evidence;
  }
}

/** The caller asked for something invalid: an unknown column, a malformed expression or address. */
export class UsageError extends StructPageError {
  readonly code = 'usage';
  override readonly name = 'UsageError';
}

/** The output cannot be written to its destination. */
export class OutputError extends StructPageError {
  readonly code = 'output';
  override readonly name = 'OutputError';
}

/** What `read` gives, or `otherwise` where memory, or the types, do not have what it reads. */
export function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StructPageError) return otherwise;
    throw error;
  }
}
