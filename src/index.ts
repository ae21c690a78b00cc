/** The public interface of structpage. */

export type { Conflict } from './classify/claims.ts';
export { CLASS_NAMES, PAGE_CLASSES, type PageClass } from './classify/classes.ts';
export type { Classification } from './classify/classify.ts';
export type { Gap } from './classify/gap.ts';
export type { Holder } from './classify/holders.ts';
export type { KernelOwners } from './classify/kernel-owners/find-owners.ts';
export type { ReferenceParts, References } from './classify/references.ts';
export type { Pfn, PhysAddr, VirtAddr } from './core/address.ts';
export { type ByteSource, bytesSource } from './core/bytes.ts';
export type { DataModel } from './core/data-model.ts';
export type { FaultReason } from './core/errors.ts';
export {
  FaultError,
  FormatError,
  LayoutError,
  OutputError,
  StructPageError,
  UnsupportedError,
  UsageError,
} from './core/errors.ts';
export { printable, printableJson, printableLines } from './core/printable.ts';
export type { Range } from './core/ranges.ts';
export type { PageColumn } from './decode/columns/page-column.ts';
export type { ColumnNamed, PageColumns } from './decode/columns/page-columns.ts';
export type { KindOf } from './decode/columns/registry.ts';
export { COLUMNS, type ColumnName, DEFAULT_COLUMNS, TABLE_COLUMNS } from './decode/columns/registry.ts';
export type { ColumnBatch, Rows } from './decode/decode.ts';
export type { OwnedPage, OwnerNames } from './decode/owner-names.ts';
export type { SlabCaches } from './decode/slab-caches.ts';
export { disorderOf } from './diff/basis.ts';
export { CHANGED_COLUMNS, changedPages } from './diff/changed-pages.ts';
export { type Comparison, compareStops, type Flow } from './diff/compare.ts';
export { type Growth, grownBy, type Part } from './diff/growth.ts';
export type { Hand } from './diff/hands.ts';
export type { Identity, Kinship, Relation } from './diff/identity.ts';
export type { Measure, OwnerColumn, Stop } from './diff/stop.ts';
export { stopOfDump } from './diff/stop-of-dump.ts';
export { isExport, type OpenExport, openExport } from './diff/stop-of-export.ts';
export type { HeldPages, Suspect } from './diff/suspects.ts';
export { DIFF_COLUMNS, type DiffList, diffTable } from './diff/tables.ts';
export {
  type CompressedSink,
  compressed,
  FILE_COMPRESSIONS,
  type FileCompression,
} from './export/compressed.ts';
export type { Exporter, ExportPlan, Sink, TextFormat } from './export/exporter.ts';
export type { ExportOption, OptionValue, OptionValues } from './export/options.ts';
export { EXPORTERS, exporterOf } from './export/registry.ts';
export { writeTable } from './export/write-table.ts';
export { type QueryCost, queryCosts } from './fleet/costs.ts';
export { openStore, type StoreOptions, tablesIn } from './fleet/open-store.ts';
export {
  type FleetQuery,
  fleetQueries,
  fleetQuery,
  parametersStatement,
  parseQuery,
  type QueryParameter,
} from './fleet/queries.ts';
export { type FleetReport, fleetReport } from './fleet/report/report.ts';
export { samplePath } from './fleet/sample.ts';
export { openFleet, requireTables } from './fleet/session.ts';
export type { SimulateOptions } from './fleet/simulate/plan.ts';
export type { Expectation, Planted } from './fleet/simulate/planted.ts';
export { type PagesOf, type SimulateReport, simulateFleet } from './fleet/simulate/simulate.ts';
export { type FleetStore, type FleetTable, openFolder, type StoreSelection } from './fleet/store.ts';
export { type ArrowColumn, type ArrowTable, arrowTable } from './inspector/arrow-table.ts';
export { type CaptureReport, capture } from './inspector/capture.ts';
export type { Contents, FrameKind, FrameState } from './inspector/contents.ts';
export { countClasses, isQuickToClassify } from './inspector/count-classes.ts';
export { doctor, type LiveSource } from './inspector/doctor.ts';
export { explainPage, type FolioReport, type PageReport } from './inspector/explain-page.ts';
export { explainVirtual, translateAddress } from './inspector/explain-virtual.ts';
export { type ExportJob, exportRows, pageTable, summarize } from './inspector/export-rows.ts';
export { type ExtractFacts, extractLayoutFile, layoutOfDump } from './inspector/extract-layout.ts';
export type { Feature } from './inspector/features.ts';
export { groupPages, type PageGroup } from './inspector/group-pages.ts';
export { describe, type Info, type InfoFact } from './inspector/info.ts';
export { describeData, type InfoData } from './inspector/info-data.ts';
export type { InspectorParts } from './inspector/inspector.ts';
export {
  Inspector,
  type Selection,
} from './inspector/inspector.ts';
export { LIVE_METHODS, type LiveMethod, type LiveOptions, liveMethodOf, openLive } from './inspector/live.ts';
export type { Meaning } from './inspector/locate-page.ts';
export { type LocatedPage, locatePage, type PageName, parsePageName } from './inspector/locate-page.ts';
export { type OpenOptions, openGuest, openMemory } from './inspector/open.ts';
export type { PageRow } from './inspector/page-rows.ts';
export type { PageMember, PageWord } from './inspector/page-words.ts';
export { holesIn, type Ram, ramOf } from './inspector/ram.ts';
export { readTypes } from './inspector/read-types.ts';
export { checkLayout, type PassedCheck } from './inspector/self-check.ts';
export type { TypeOptions } from './inspector/type-candidates.ts';
export { type LiveVerification, verifyLive } from './inspector/verify-live.ts';
export type { Kernel } from './kernel/kernel.ts';
export type { ScanCost, SearchStep } from './kernel/search.ts';
export type { KeptLayout } from './layout/cache.ts';
export { LayoutCache } from './layout/cache.ts';
export type { FlagBits } from './layout/flag-bits.ts';
export type { FlagField, FlagFields } from './layout/flag-fields.ts';
export { KNOWN_NAMES } from './layout/known-flags.ts';
export type { LayoutKernel, LayoutMember, LayoutStruct } from './layout/layout-file.ts';
export { formatLayout, type LayoutFile } from './layout/layout-file.ts';
export type { FolioOffsets, HugetlbMark, OrderPlace, PageLayout, PageOffsets } from './layout/page-layout.ts';
export type { PageTypes, PageTypeValue } from './layout/page-types.ts';
export { type LayoutEntry, layoutIndex, layoutPath, loadLayout } from './layout/registry.ts';
export { type StructMember, type StructTable, structTables } from './layout/struct-table.ts';
export type { BuildSymbols, Confidence, Place, SymbolOffsets, TypeFacts } from './layout/type-facts.ts';
export { CURVES, type CurveName, MAP_BY, type MapBy } from './map/options.ts';
export {
  type MapOptions,
  type MapReport,
  type PictureSize,
  writeMapHtml,
  writeMapPng,
} from './map/write-map.ts';
export {
  type TreemapOptions,
  type TreemapReport,
  writeCollapsed,
  writeTreemap,
} from './map/write-treemap.ts';
export type { MemoryModel } from './memmap/memory-model.ts';
export type { PageReader } from './memmap/page-reader.ts';
export { PAGE_STATES, type PageState } from './memmap/page-reader.ts';
export type { Section, Sections } from './memmap/sections.ts';
export { familiesOf, type Measured, type MeasuredFacts } from './metrics/families.ts';
export { Meter, type MeterOptions } from './metrics/meter.ts';
export { type MetricFamily, OPENMETRICS, openMetricsText, type Point } from './metrics/openmetrics.ts';
export type { Host } from './native/host.ts';
export type { IomemEntry } from './native/iomem.ts';
export type { KpageFiles } from './native/kpage-files.ts';
export { dropPrivileges } from './native/privileges.ts';
export type { Objects } from './objects/objects.ts';
export type { Area } from './owners/areas.ts';
export type { CallSites } from './owners/call-sites.ts';
export type { MapperNames } from './owners/mapper-names.ts';
export type { PageOwners } from './owners/page-owners.ts';
export type { Process } from './owners/processes.ts';
export type { Mapper, MappingSink, ReverseIndex, TellMappings } from './owners/reverse-index.ts';
export type { BuddyInfoData, PageTypeInfoData, ZoneInfoData } from './proc/parse.ts';
export type { ProcData, ProcSource } from './proc/registry.ts';
export { PROC_FILES, type ProcFile } from './proc/registry.ts';
export type { Scan, ScanPlan } from './scan/scan.ts';
export { noCounts, type PageCounts } from './scan/scan.ts';
export type { SnapshotTable } from './snapshot/schema.ts';
export type { Missing, OpenImage, PhysicalRun } from './sources/image-format.ts';
export type { QmpOptions } from './sources/qmp.ts';
export type { DuckDB } from './sql/duckdb.ts';
export { jsonRows, resultTable } from './sql/results.ts';
export { type SqlDump, SqlSession } from './sql/session.ts';
export { type CellText, cellTexts } from './table/cells.ts';
export type {
  Column,
  ColumnKind,
  ColumnOf,
  ColumnSpec,
  NameColumn,
  NumberColumn,
  NumberType,
  SetColumn,
  WordColumn,
} from './table/column.ts';
export type { RowStyle, WordForm } from './table/row-style.ts';
export type { CellOf, RowOf } from './table/rows-table.ts';
export type { About, Table, TableBatch, TableRows } from './table/table.ts';
export { type ValueType, valueTypeOf, type WordSign } from './table/value-type.ts';
export { filePages, fileRollup } from './tables/file-pages.ts';
export { memcgClasses } from './tables/memcg-pages.ts';
export { processAreas, processRollup } from './tables/process-areas.ts';
export { readObjects } from './tables/read-objects.ts';
export { referrers as referrersTable } from './tables/referrers.ts';
export { openTable, TABLES, tableDefinition } from './tables/registry.ts';
export { slabObjects } from './tables/slab-objects.ts';
export type { TableDefinition, Trouble } from './tables/table-definition.ts';
export { intervalFor } from './top/pace.ts';
export { type Listed, rowsOf, type TopOrder, type TopRow } from './top/rows.ts';
export {
  type Sample,
  type SampleOptions,
  type TopOwner,
  type TopUse,
  takeSample,
  whyNot,
} from './top/sample.ts';
export { batchText, type Line, screenOf, type TopFacts } from './top/screen.ts';
export { type KeyEffect, keysOf, press, type TopState } from './top/state.ts';
export { entryFlagNames } from './translate/entry-flags.ts';
export type { PageTables, WalkResult, WalkStep } from './translate/page-walk.ts';
export { diffLayouts, type LayoutDifference } from './views/layout-diff.ts';
export { selectFrom, type TableSelection } from './views/select-table.ts';
export type { Summary, ZoneSummary } from './views/summary.ts';
export { compareKpage, type DifferingGroup, type KpageComparison, type KpageRecord } from './views/verify.ts';
