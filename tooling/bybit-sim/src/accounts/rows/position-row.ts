import { type Fixed, fixedText, magnitude, over, rounded, times, ZERO } from '../../base/fixed.ts'
import type { WireRow } from '../../base/wire-row.ts'
import { type Leg, tradeValue } from '../holdings/leg.ts'

/** The maintenance margin rate: 0.5 %. */
const MAINTENANCE: Fixed = 5_000_000_000n

/** The margins of a leg, in its settle coin. */
export function marginsOf(leg: Leg, markPrice: Fixed): { initial: Fixed; maintenance: Fixed } {
  if (leg.size === ZERO) return { initial: ZERO, maintenance: ZERO }
  const value = tradeValue(leg.desk, markPrice, magnitude(leg.size))
  return {
    initial: rounded(over(value, leg.leverage)),
    maintenance: rounded(times(value, MAINTENANCE)),
  }
}

/** A row of the `position` topics. */
export function positionRow(leg: Leg, markPrice: Fixed): WireRow {
  const { desk } = leg
  const isFlat = leg.size === ZERO
  const { initial, maintenance } = marginsOf(leg, markPrice)
  return {
    positionIdx: leg.positionIdx,
    tradeMode: 0,
    riskId: 1,
    riskLimitValue: '2000000',
    symbol: desk.instrument.symbol,
    side: leg.side,
    size: fixedText(magnitude(leg.size)),
    entryPrice: fixedText(leg.entryPrice),
    breakEvenPrice: '',
    sessionAvgPrice: '',
    leverage: fixedText(leg.leverage),
    positionValue: isFlat ? '' : fixedText(leg.entryValue),
    positionBalance: '0',
    markPrice: fixedText(markPrice),
    positionIM: fixedText(initial),
    positionMM: fixedText(maintenance),
    positionIMByMp: fixedText(initial),
    positionMMByMp: fixedText(maintenance),
    takeProfit: '0',
    stopLoss: '0',
    trailingStop: '0',
    unrealisedPnl: fixedText(leg.unrealised(markPrice)),
    cumRealisedPnl: fixedText(leg.cumRealised),
    curRealisedPnl: fixedText(leg.curRealised),
    createdTime: String(leg.createdMs),
    updatedTime: String(leg.updatedMs),
    openTime: isFlat ? 0 : leg.openedMs,
    tpslMode: 'Full',
    liqPrice: '',
    bustPrice: '',
    category: desk.instrument.category,
    positionStatus: leg.status,
    adlRankIndicator: isFlat ? 0 : 2,
    autoAddMargin: 0,
    leverageSysUpdatedTime: '',
    mmrSysUpdatedTime: '',
    seq: leg.seq,
    isReduceOnly: false,
    netDeltaRatio: '',
  }
}

/** The keys of `position/list`, in the documented order. */
const REST_KEYS: readonly string[] = [
  ...['positionIdx', 'riskId', 'riskLimitValue', 'symbol', 'side', 'size', 'avgPrice'],
  ...['positionValue', 'tradeMode', 'positionStatus', 'autoAddMargin', 'adlRankIndicator'],
  ...['leverage', 'breakEvenPrice', 'positionBalance', 'markPrice', 'liqPrice', 'bustPrice'],
  ...['positionMM', 'positionMMByMp', 'positionIM', 'positionIMByMp', 'tpslMode', 'takeProfit'],
  ...['stopLoss', 'trailingStop', 'unrealisedPnl', 'curRealisedPnl', 'cumRealisedPnl', 'seq'],
  ...['isReduceOnly', 'mmrSysUpdateTime', 'leverageSysUpdatedTime', 'sessionAvgPrice'],
  ...['createdTime', 'updatedTime', 'openTime', 'netDeltaRatio'],
]

/** Keys of `position/list` that have another name on the topic. */
const REST_NAMES: { readonly [key: string]: string } = {
  avgPrice: 'entryPrice',
  mmrSysUpdateTime: 'mmrSysUpdatedTime',
}

/** A row of `position/list`. */
export function restPositionRow(leg: Leg, markPrice: Fixed): WireRow {
  const row: WireRow = positionRow(leg, markPrice)
  return Object.fromEntries(REST_KEYS.map((key) => [key, row[REST_NAMES[key] ?? key]]))
}
