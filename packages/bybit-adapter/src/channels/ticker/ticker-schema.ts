import { type Category, TICKER_FIELDS, type TickerFieldKind } from '@grid/core-events'
import { z } from 'zod'
import { isStorableJson, isStorableText } from '../../wire/storable-json.ts'
import {
  isWireObject,
  wireName,
  wireOptionalDecimal,
  wireOptionalName,
  wireOptionalTime,
  wireSequence,
  wireTime,
} from '../../wire/wire.ts'
import { wireFrameId } from './frame-counter.ts'
import { OPTION_TICKER_READERS, TICKER_READERS, type TickerFieldReader } from './ticker-values.ts'

const BY_KIND: { readonly [Kind in TickerFieldKind]: z.ZodType } = {
  decimal: wireOptionalDecimal,
  timestamp: wireOptionalTime,
  text: wireOptionalName,
}

const OF_COMMON_SOCKETS = frameSchema(TICKER_READERS, { cs: wireSequence })
const OF_OPTION_SOCKETS = frameSchema(OPTION_TICKER_READERS, { id: wireFrameId.optional() })

/** What the guards of the ticker mapper accept, as a zod schema of a whole frame. */
export function wireTickerFrameSchema(category: Category): z.ZodType {
  return category === 'option' ? OF_OPTION_SOCKETS : OF_COMMON_SOCKETS
}

function frameSchema(
  readers: ReadonlyMap<string, TickerFieldReader>,
  sequence: Readonly<Record<string, z.ZodType>>,
): z.ZodType {
  const fields = [...readers].map(
    ([key, { name }]) => [key, BY_KIND[TICKER_FIELDS[name].kind].optional()] as const,
  )
  const storableExtra = z.unknown().superRefine((data, context) => {
    if (!isWireObject(data)) return
    for (const [key, value] of Object.entries(data)) {
      if (key === 'symbol' || readers.has(key)) continue
      if (isStorableText(key) && isStorableJson(value)) continue
      context.addIssue({ code: 'custom', path: [key], message: 'is a key that cannot be stored' })
    }
  })
  const data = z.looseObject({ symbol: wireName.optional(), ...Object.fromEntries(fields) })
  return z.object({
    type: z.enum(['snapshot', 'delta']),
    ts: wireTime,
    ...sequence,
    data: storableExtra.pipe(data),
  })
}
