import { EXPORT_FORMATS } from '../../export/row-format.ts'
import type { CommandLine } from '../command.ts'
import { addDeadLetterCommands } from './dead-letter-commands.ts'
import type { ExportOptions } from './export.ts'
import { addReplayCommand } from './replay-command.ts'

/**
 * Adds `export`, data that leaves the database, `dead-letters`, what it could not take, and `replay`, what the journal
 * still has.
 */
export function addDataCommands(cli: CommandLine): void {
  const { add, context } = cli
  addDeadLetterCommands(cli)
  addReplayCommand(cli)
  add(
    'export',
    'write market data to files by symbol and day, with a manifest',
    EXPORT_EXAMPLES,
    async ({ config }, options) => {
      const { exportData } = await import('./export.ts')
      // Sound: commander gives the options that are declared below.
      return exportData(config, options as unknown as ExportOptions, context)
    },
  )
    .requiredOption('--from <day>', 'first day, UTC, such as 2026-11-21')
    .option('--to <day>', 'last day, inclusive (default: the first)')
    .option('--format <format>', EXPORT_FORMATS.join(', '), 'parquet')
    .option(
      '--spreadsheet-safe',
      "CSV only: put ' before texts that a spreadsheet would take for formulas (they begin with = + - @, " +
        "a tab, a line break or '); numbers stay as they are",
    )
    .option('--out <folder>', 'where the files go', './export')
    .option('--force', 'replace files that are there')
    .option('--json', 'print what was exported as JSON')
}

const EXPORT_EXAMPLES = `  event-saver export --from 2026-11-21 --symbols BTCUSDT,ETHUSDT
  event-saver export --from 2026-11-01 --to 2026-11-30 --symbols '*' --channels publicTrade --format csv.gz --out /srv/november`
