import { TICKER_FIELD_NAMES, TICKER_FIELDS, type TickerFieldKind } from '@grid/core-events'
import { z } from 'zod'
import { isStorableJson, isStorableText } from './ticker-extra.ts'
import { TICKER_READERS } from './ticker-values.ts'
import {
  isWireObject,
  wireName,
  wireOptionalDecimal,
  wireOptionalName,
  wireOptionalTime,
  wireSequence,
  wireTime,
} from './wire.ts'

const BY_KIND: { readonly [Kind in TickerFieldKind]: z.ZodType } = {
  decimal: wireOptionalDecimal,
  timestamp: wireOptionalTime,
  text: wireOptionalName,
}

const fields = Object.fromEntries(
  TICKER_FIELD_NAMES.map((name) => [name, BY_KIND[TICKER_FIELDS[name].kind].optional()]),
)

const storableExtra = z.unknown().superRefine((data, context) => {
  if (!isWireObject(data)) return
  for (const [key, value] of Object.entries(data)) {
    if (key === 'symbol' || TICKER_READERS.has(key)) continue
    if (isStorableText(key) && isStorableJson(value)) continue
    context.addIssue({ code: 'custom', path: [key], message: 'is a key that cannot be stored' })
  }
})

/** What the guards of the ticker mapper accept, said by zod: a whole frame, because it identifies. */
export const wireTickerFrameSchema: z.ZodType = z.object({
  type: z.enum(['snapshot', 'delta']),
  ts: wireTime,
  cs: wireSequence,
  data: storableExtra.pipe(z.looseObject({ symbol: wireName.optional(), ...fields })),
})
