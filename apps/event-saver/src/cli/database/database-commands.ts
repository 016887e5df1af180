import { EXIT } from '../../exit-code.ts'
import { type CommandLine, JSON_OPTION } from '../command.ts'
import { startLog } from '../start-log.ts'
import { addPartitionCommands } from './partitions-commands.ts'

/** Adds `migrate` and `partitions`: the tables and their days. */
export function addDatabaseCommands(cli: CommandLine): void {
  cli
    .add(
      'migrate',
      'bring the database to this version’s schema',
      MIGRATE_EXAMPLES,
      async (loaded, options) => {
        const { migrateDatabase } = await import('./migrate.ts')
        const result = await migrateDatabase(loaded.config, await startLog(loaded))
        const { schemaVersion, environment } = result
        cli.print(options, result, [`schema ${schemaVersion}, environment ${environment}`])
        return EXIT.ok
      },
    )
    .option(...JSON_OPTION)
  addPartitionCommands(cli)
}

const MIGRATE_EXAMPLES = `  event-saver migrate --database-url postgres://grid@127.0.0.1/grid`
