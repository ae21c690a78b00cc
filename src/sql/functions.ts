import type { DuckDBConnection } from '@duckdb/node-api';
import type { Pfn } from '../core/address.ts';
import { FaultError } from '../core/errors.ts';
import { translateAddress } from '../inspector/explain-virtual.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { DuckDB } from './duckdb.ts';

/** Physical addresses have no more bits on any architecture. */
const PHYSICAL_BITS = 56n;

/** The macros of a schema: whether a set has a flag, and the function `pfn_of` of this dump. */
export function functionStatements(schema: string, index: number, flags: readonly string[]): string[] {
  const known = flags.map((flag) => `'${flag.replace(/'/g, "''")}'`).join(', ');
  // a flag that the kernel does not have is a mistake, as it is in --where
  const check =
    flags.length === 0
      ? ''
      : `case when flag not in (${known}) then error(concat('there is no flag ''', flag, '''')) else `;
  const has = `coalesce(contains('|' || flags || '|', '|' || flag || '|'), false)`;
  return [
    `create macro ${schema}.has_flag(flags, flag) as ${check}${has}${check === '' ? '' : ' end'}`,
    `create macro ${schema}.pfn_of(address) as structpage_${index}_pfn_of(address::ubigint)`,
  ];
}

/** Registers the function behind `pfn_of`: null for an address that leads to no page. */
export function registerPfnOf(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  name: string,
  inspector: Inspector,
  failed: (error: unknown) => void,
): void {
  connection.registerScalarFunction(
    duckdb.DuckDBScalarFunction.create({
      name,
      parameterTypes: [duckdb.UBIGINT],
      returnType: duckdb.BIGINT,
      mainFunction: (_, input, output) => {
        try {
          const addresses = input.getColumnVector(0);
          const pfns = output as unknown as { setItem(index: number, value: bigint | null): void };
          for (let i = 0; i < input.rowCount; i++) {
            const address = addresses.getItem(i) as bigint | null;
            const pfn = address === null ? undefined : pfnOf(inspector, address);
            pfns.setItem(i, pfn === undefined ? null : BigInt(pfn));
          }
          output.flush();
        } catch (error) {
          failed(error);
          throw error;
        }
      },
    }),
  );
}

/** The page that a struct page is of, or that is mapped at a kernel address, or that is at a physical one; undefined if there is none. */
export function pfnOf(inspector: Inspector, address: bigint): Pfn | undefined {
  const { model, kernel } = inspector;
  const described = model.pfnOf(address);
  if (described !== undefined && model.addressOf(described) !== undefined) return described;
  const shift = BigInt(kernel.pageShift);
  let physical = address;
  if (address >> PHYSICAL_BITS !== 0n) {
    try {
      physical = BigInt(translateAddress(inspector, address).physical);
    } catch (error) {
      if (error instanceof FaultError) return undefined;
      throw error;
    }
  }
  const pfn = Number(physical >> shift);
  return model.addressOf(pfn) === undefined ? undefined : pfn;
}
