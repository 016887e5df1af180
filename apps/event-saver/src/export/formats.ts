import { csvFormat, csvGzipFormat } from './csv-format.ts'
import { parquetFormat } from './parquet-format.ts'
import type { ExportFormat, RowFormat } from './row-format.ts'

/** How the rows of each format are written. */
export const ROW_FORMATS: { readonly [Format in ExportFormat]: RowFormat } = {
  parquet: parquetFormat,
  csv: csvFormat,
  'csv.gz': csvGzipFormat,
}
