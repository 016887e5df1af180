import { POSITION_VALUES, type PositionEvent, positionContentHash } from '@grid/core-events'
import { ItemReader } from './item-reader.ts'
import { mapInstrumentItem, type PrivateMapper, timeless } from './private-mapper.ts'
import { CATEGORY, optionalFields, REQUIRED, SEQUENCE } from './value-readers.ts'

const READER = new ItemReader(
  {
    ...optionalFields(POSITION_VALUES),
    category: CATEGORY,
    symbol: { field: 'symbol', ...REQUIRED.name },
    positionIdx: { field: 'positionIdx', ...REQUIRED.leg },
    side: { field: 'side', ...REQUIRED.positionSide },
    size: { field: 'size', ...REQUIRED.decimal },
    seq: SEQUENCE,
  },
  { avgPrice: 'entryPrice', mmrSysUpdateTime: 'mmrSysUpdatedTime' },
)

/** Positions: topic `position`, REST `/v5/position/list`. */
export const mapPosition: PrivateMapper<PositionEvent> = (element, context) => {
  const { exchangeTs } = context
  if (exchangeTs === null) return timeless(context)
  return mapInstrumentItem<PositionEvent>('position', READER, element, context, (event) => {
    const stamped = { ...event, exchangeTs }
    return { ...stamped, contentHash: positionContentHash(stamped) }
  })
}
