import { type CommandLine, JSON_OPTION } from '../command.ts'
import type { ReplayCommandOptions } from './replay.ts'

/** Adds `replay`. */
export function addReplayCommand({ add, context }: CommandLine): void {
  add(
    'replay',
    'store again what the journal still has: all of it, or what --symbols, --category, --channels or --account name on ' +
      'the command line; exits 3 when something could not be stored or read',
    EXAMPLES,
    async (loaded, options) => {
      const { replayJournal } = await import('./replay.ts')
      // Sound: commander gives the options that are declared below.
      return replayJournal(loaded, options as unknown as ReplayCommandOptions, context)
    },
  )
    .option(
      '--replace',
      'delete the rows that were made of these messages first, in one transaction; needs the login that owns the tables',
    )
    .option('--from <time>', 'received at this time or later, such as 2026-11-22T08:00:00Z')
    .option('--to <time>', 'received before this time')
    .option(
      '--account <names...>',
      'only these accounts, and no market data unless --symbols, --category or --channels is given too',
    )
    .option('--user <name>', 'whose accounts they are')
    .option(...JSON_OPTION)
}

const EXAMPLES = `  event-saver replay --from 2026-11-22T08:00:00Z --to 2026-11-22T09:00:00Z
  event-saver replay --replace --from 2026-11-22 --to 2026-11-23 --category linear --symbols BTCUSDT --channels publicTrade
  event-saver replay --replace --account main --user alice --from 2026-11-22`
