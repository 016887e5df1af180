import type { WireRow } from '../../base/wire-row.ts'

/** An Event Contract that was bought: what the rows of its topics say. */
export interface EventContractFill {
  readonly symbol: string
  readonly orderId: string
  readonly execId: string
  readonly timeMs: number
  readonly seq: number
}

const DAY_MS = 86_400_000
const CONTRACT = {
  side: 'Buy',
  baseCoin: 'BTC',
  quoteCoin: 'USDT',
  settleCoin: 'USDT',
} as const

/** A row of the topics `order` and `order.event`. */
export function eventOrderRow({ symbol, orderId, timeMs }: EventContractFill): WireRow {
  return {
    category: 'event',
    orderId,
    orderLinkId: '',
    symbol,
    symbolId: 1,
    ...CONTRACT,
    orderStatus: 'Filled',
    ecContractType: 'UpDown',
    ecDirection: 'Up',
    ecDurationWindow: 86_400,
    ecTargetPrice: '100000',
    ecLowerBound: '',
    ecUpperBound: '',
    ecOrderValue: '10',
    ecIndexPrice: '100000.5',
    ecSettleTime: String(timeMs + DAY_MS),
    payoutRatio: '1.8',
    orderAvgPayoutRatio: '1.8',
    cumExecValue: '10',
    cumExecFee: '0.01',
    leavesValue: '0',
    cumPayout: '',
    createType: 1,
    cancelType: '',
    rejectReason: 'EC_NoError',
    extraFees: [],
    transTime: String(timeMs),
    createdTime: String(timeMs),
    updatedTime: String(timeMs),
  }
}

/** A row of the topics `execution` and `execution.event`. */
export function eventExecutionRow(fill: EventContractFill): WireRow {
  const { symbol, orderId, execId, timeMs, seq } = fill
  return {
    category: 'event',
    symbol,
    orderId,
    orderLinkId: '',
    execId,
    ...CONTRACT,
    feeCoin: 'USDT',
    execType: 'Trade',
    execPrice: '',
    execValue: '10',
    execFee: '0.01',
    execFeeRate: '0.001',
    orderPrice: '',
    ecContractType: 'UpDown',
    ecDirection: 'Up',
    ecDurationWindow: 86_400,
    ecTargetPrice: '100000',
    ecLowerBound: '',
    ecUpperBound: '',
    ecOrderValue: '10',
    ecPayout: '',
    entryPrice: '1.8',
    settlePrice: '',
    grossPayoutRatio: '1.8',
    sessionRpl: '0',
    transTime: String(timeMs),
    settleTimeMs: String(timeMs + DAY_MS),
    crossSeq: String(seq),
    timeInForce: 'IOC',
    extraFees: [],
  }
}

/** A row of the topic `position.event`, which names no category. */
export function eventPositionRow({ symbol, timeMs, seq }: EventContractFill): WireRow {
  return {
    symbol,
    baseCoin: CONTRACT.baseCoin,
    settleCoin: CONTRACT.settleCoin,
    side: CONTRACT.side,
    ecContractType: 'UpDown',
    ecDirection: 'Up',
    avgPayoutRatio: '1.8',
    positionValue: '10',
    ecSettleTime: String(timeMs + DAY_MS),
    cumClosedPnl: '0',
    createdTime: String(timeMs),
    updatedTime: String(timeMs),
    seq,
  }
}
