import type { Finding } from './finding.ts'
import type { SourceFile } from './source-files.ts'

/** The channels' own files and the registries: what may name a channel of market data. */
const OWN_FILES: readonly string[] = [
  'packages/core-events/src/events/market/',
  'packages/bybit-adapter/src/archive/',
  'packages/bybit-adapter/src/channels/ticker/',
  'packages/bybit-adapter/src/channels/trade/',
  'packages/bybit-adapter/src/rest/endpoints/recent-trade.ts',
  'packages/bybit-adapter/src/rest/endpoints/ticker.ts',
  'packages/db/src/tables/market/',
]
const NAME = /(['"`])(ticker|publicTrade)\1/

/**
 * Finds files of packages and apps that name a channel of market data though they belong to none: the
 * next channel would have to be added there as well, and no compiler says so.
 */
export function findChannelNames(sources: Iterable<SourceFile>): Finding[] {
  return [...sources]
    .filter(({ path }) => !path.startsWith('tooling/'))
    .filter(({ path }) => !OWN_FILES.some((own) => path.startsWith(own)))
    .flatMap(({ path, code }) => {
      const lines = [...code.entries()].filter(([, line]) => NAME.test(line))
      if (lines.length === 0) return []
      const where = lines.map(([index, line]) => `${path}:${index + 1}: ${line.trim()}`)
      const message = [`${path} names a channel that is not its own:`, ...where].join('\n    ')
      return [{ key: `channel ${path}`, message }]
    })
}
