import { ORDER_VALUES, type OrderEvent, orderContentHash } from '@grid/core-events'
import { ItemReader } from './item-reader.ts'
import { mapInstrumentItem, type PrivateMapper } from './private-mapper.ts'
import { CATEGORY, optionalFields, REQUIRED } from './value-readers.ts'

const READER = new ItemReader({
  ...optionalFields(ORDER_VALUES),
  category: CATEGORY,
  symbol: { field: 'symbol', ...REQUIRED.name },
  orderId: { field: 'orderId', ...REQUIRED.name },
  orderStatus: { field: 'orderStatus', ...REQUIRED.text },
  side: { field: 'side', ...REQUIRED.text },
  updatedTime: { field: 'exchangeTs', ...REQUIRED.time },
})

/** Orders: topic `order`, REST `/v5/order/realtime` and `/v5/order/history`. */
export const mapOrder: PrivateMapper<OrderEvent> = (element, context) =>
  mapInstrumentItem<OrderEvent>('order', READER, element, context, (event) => ({
    ...event,
    contentHash: orderContentHash(event),
  }))
