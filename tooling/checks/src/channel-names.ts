import { PUBLIC_CHANNELS } from '@grid/core-events'
import type { Finding } from './finding.ts'
import type { SourceFile } from './source-files.ts'

/** Where files of channels lie: what may name a channel of market data. */
const OWN_FOLDERS: readonly RegExp[] = [
  /^packages\/core-events\/src\/events\/market\//,
  /^packages\/bybit-adapter\/src\/archive\//,
  /^packages\/bybit-adapter\/src\/channels\/(?!account\/|dialect\/)[^/]+\//,
  /^packages\/bybit-adapter\/src\/rest\/endpoints\//,
  /^packages\/db\/src\/tables\/market\//,
]
/** The names are those of the registry, so that a channel is held to this as soon as it is there. */
const NAME = new RegExp(`(['"\`])(${PUBLIC_CHANNELS.join('|')})\\1`)

/**
 * Finds files of packages and apps that name a channel of market data though they belong to none: the
 * next channel would have to be added there as well, and no compiler says so.
 */
export function findChannelNames(sources: Iterable<SourceFile>): Finding[] {
  return [...sources]
    .filter(({ path }) => !path.startsWith('tooling/'))
    .filter(({ path }) => !OWN_FOLDERS.some((own) => own.test(path)))
    .flatMap(({ path, code }) => {
      const lines = [...code.entries()].filter(([, line]) => NAME.test(line))
      if (lines.length === 0) return []
      const where = lines.map(([index, line]) => `${path}:${index + 1}: ${line.trim()}`)
      const message = [`${path} names a channel that is not its own:`, ...where].join('\n    ')
      return [{ key: `channel ${path}`, message }]
    })
}
