import { printableJson } from '../core/printable.ts';
import type { SymbolOffsets } from './type-facts.ts';

/** A layouts/ file: the part of the types of one kernel, or of several with the same types, that structpage uses. */
export interface LayoutFile {
  readonly format: 1;
  /** The name of its folder, e.g. `x86_64`. */
  readonly arch: string;
  /** Every kernel known to have these types. */
  readonly kernels: readonly LayoutKernel[];
  /** The program that wrote the file, e.g. `structpage layout extract 0.1.0`. */
  readonly madeBy: string;
  readonly structs: Readonly<Record<string, LayoutStruct>>;
  /** Constants by enum. Values that a double cannot hold are strings of decimal digits. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
}

/** The kernel that the facts belong to, and their source. */
export interface LayoutKernel {
  /** uname -r. */
  readonly release: string;
  /** GNU build id of vmlinux, 40 hexadecimal digits. */
  readonly buildId: string;
  readonly package: string;
  readonly version: string;
  /** e.g. `BTF of vmlinux in boot/vmlinuz-6.12.107+deb13-cloud-amd64`. */
  readonly madeFrom: string;
  /** Bytes from _stext to each variable of `wanted-symbols.ts`, where the file that the types are from has a symbol table. */
  readonly symbols?: SymbolOffsets;
}

export interface LayoutStruct {
  /** sizeof in bytes. */
  readonly size: number;
  /** Members by path; those that the kernel lacks are absent. */
  readonly members: Readonly<Record<string, LayoutMember>>;
}

export interface LayoutMember {
  /** Offset from the start of the struct, in bytes. */
  readonly offset: number;
  /** Size in bytes; of the whole array if it is one. */
  readonly size: number;
  /** Number of elements, if it is an array. */
  readonly length?: number;
  /** Lowest bit and width within the storage at `offset`, for a bit field. */
  readonly bits?: readonly [shift: number, width: number];
}

/** The text of a layouts/ file, with a line for each member and each kernel, so that kernels can be compared with diff. */
export function formatLayout(file: LayoutFile): string {
  const line = (value: unknown): string => printableJson(value, 1).replace(/\s*\n\s*/g, ' ');
  const block = (
    entries: readonly string[],
    indent: string,
    [open, close]: readonly [string, string],
  ): string =>
    entries.length === 0
      ? open + close
      : `${open}\n${entries.map((entry) => `${indent}  ${entry}`).join(',\n')}\n${indent}${close}`;
  const key = (name: string): string => `${printableJson(name)}: `;
  const structs = Object.entries(file.structs).map(([name, { size, members }]) => {
    const lines = Object.entries(members).map(([path, member]) => key(path) + line(member));
    const inner = [`"size": ${size}`, `"members": ${block(lines, '      ', ['{', '}'])}`];
    return key(name) + block(inner, '    ', ['{', '}']);
  });
  const enums = Object.entries(file.enums).map(([name, constants]) => {
    const lines = Object.entries(constants).map(([constant, value]) => key(constant) + printableJson(value));
    return key(name) + block(lines, '    ', ['{', '}']);
  });
  return `${block(
    [
      '"$schema": "../schema.json"',
      `"format": ${file.format}`,
      `"arch": ${printableJson(file.arch)}`,
      `"kernels": ${block(file.kernels.map(line), '  ', ['[', ']'])}`,
      `"madeBy": ${printableJson(file.madeBy)}`,
      `"structs": ${block(structs, '  ', ['{', '}'])}`,
      `"enums": ${block(enums, '  ', ['{', '}'])}`,
    ],
    '',
    ['{', '}'],
  )}\n`;
}
