import { BybitRestClient, publicUrl, restUrl as restUrlOf } from '@grid/bybit-adapter'
import type { Config } from '../config/config.ts'
import { embeddedFolder } from '../storage/data-folder.ts'
import { examineClock } from './clock.ts'
import { examineDatabase } from './database.ts'
import { examineHost } from './exchange-host.ts'
import { type Finding, well } from './finding.ts'
import { examineHttpAddress } from './http-address.ts'
import { examineJournal } from './journal.ts'
import { examineDataDir, examineDisk, examineFileLimit } from './machine.ts'
import { examineVariables } from './settings.ts'
import { examineSymbols } from './symbols.ts'

const NO_REST =
  'cannot see the clock and the symbols, nor will gaps be filled and accounts captured: EVENTSAVER_REST_URL is not set beside EVENTSAVER_WS_URL'

/** Examines everything that a capture with this configuration relies on. */
export async function examine(
  config: Config,
  unknownVariables: readonly string[],
): Promise<Finding[]> {
  const { environment, wsUrl, restUrl, symbols } = config
  const client = new BybitRestClient({
    environment,
    maxAttempts: 2,
    ...(restUrl === undefined ? {} : { restUrl }),
  })
  const [first] = symbols
  const wsHosts = first === undefined ? [] : [publicUrl(first.category, environment, wsUrl)]
  // With a custom socket address alone, REST would ask another exchange.
  const hasRest = wsUrl === undefined || restUrl !== undefined
  const rest = hasRest
    ? [
        examineHost(restUrlOf(environment, restUrl)),
        examineClock(client),
        ...symbols.map((wanted) => examineSymbols(client, wanted)),
      ]
    : [well('EXCHANGE_HOST', NO_REST)]
  const embedded = embeddedFolder(config)
  const isElsewhere = embedded !== null && !embedded.startsWith(`${config.dataDir}/`)
  const folders = isElsewhere ? [config.dataDir, embedded] : [config.dataDir]
  const findings = await Promise.all([
    examineVariables(unknownVariables),
    ...wsHosts.map(examineHost),
    ...rest,
    examineDatabase(config),
    examineHttpAddress(config),
    examineDataDir(config),
    examineJournal(config),
    ...folders.map(examineDisk),
    examineFileLimit(),
  ])
  return findings.flat()
}
