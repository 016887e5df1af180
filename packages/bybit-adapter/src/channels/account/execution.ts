import { EXECUTION_VALUES, type ExecutionEvent } from '@grid/core-events'
import { ItemReader } from './item-reader.ts'
import { mapInstrumentItem, type PrivateMapper } from './private-mapper.ts'
import { CATEGORY, optionalFields, REQUIRED, SEQUENCE } from './value-readers.ts'

const READER = new ItemReader({
  ...optionalFields(EXECUTION_VALUES),
  category: CATEGORY,
  symbol: { field: 'symbol', ...REQUIRED.name },
  execId: { field: 'execId', ...REQUIRED.name },
  execTime: { field: 'exchangeTs', ...REQUIRED.time },
  side: { field: 'side', ...REQUIRED.text },
  execPrice: { field: 'execPrice', ...REQUIRED.decimal },
  execQty: { field: 'execQty', ...REQUIRED.decimal },
  seq: SEQUENCE,
})

/** Executions: topic `execution`, REST `/v5/execution/list`. */
export const mapExecution: PrivateMapper<ExecutionEvent> = (element, context) =>
  mapInstrumentItem('execution', READER, element, context, (event) => event)
