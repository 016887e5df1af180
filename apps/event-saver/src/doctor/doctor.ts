import { BybitRestClient, publicUrl, restUrl as restUrlOf } from '@grid/bybit-adapter'
import type { Config } from '../config/config.ts'
import { examineClock } from './clock.ts'
import { examineDatabase } from './database.ts'
import { examineHost } from './exchange-host.ts'
import type { Finding } from './finding.ts'
import { examineHttpAddress } from './http-address.ts'
import { examineDisk, examineFileLimit, examineFolder } from './machine.ts'
import { examineVariables } from './settings.ts'
import { examineSymbols } from './symbols.ts'

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
  const findings = await Promise.all([
    examineVariables(unknownVariables),
    ...[...wsHosts, restUrlOf(environment, restUrl)].map(examineHost),
    // With a custom socket address alone, REST would ask another exchange.
    ...(wsUrl !== undefined && restUrl === undefined
      ? []
      : [examineClock(client), ...symbols.map((wanted) => examineSymbols(client, wanted))]),
    examineDatabase(config),
    examineHttpAddress(config),
    examineFolder(config.dataDir),
    examineDisk(config.dataDir),
    examineFileLimit(),
  ])
  return findings.flat()
}
