import type { Category, Clock } from '@grid/core-events'
import { z } from 'zod'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log/log.ts'
import { KeptFile } from '../storage/kept-file.ts'

const SYMBOLS = z.array(z.string().regex(/^[\x21-\x7e]{1,64}$/)).min(1)

/** What is captured of a category of which all instruments are wanted, as it was last listed. */
export function keptSymbols(
  category: Category,
  config: Pick<Config, 'dataDir' | 'environmentStamp' | 'restUrl'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): KeptFile<readonly string[]> {
  const { environmentStamp: environment, restUrl = '' } = config
  const about = { category, environment, restUrl }
  return new KeptFile({ config, name: `symbols-${category}`, about, schema: SYMBOLS, clock, log })
}
