/** Our id of the account in the frames below. */
export const ACCOUNT_ID = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

type Item = Record<string, unknown>

/** An execution as the exchange writes it; a field given as undefined is left out. */
export function wireExecution(fields: Item = {}): Item {
  return {
    category: 'linear',
    symbol: 'BTCUSDT',
    closedSize: '0',
    execFee: '0.165',
    execId: '6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b',
    execPrice: '100000.1',
    execQty: '0.003',
    execType: 'Trade',
    execValue: '300.0003',
    feeRate: '0.00055',
    tradeIv: '',
    markIv: '',
    blockTradeId: '',
    markPrice: '100000.3',
    indexPrice: '',
    underlyingPrice: '',
    leavesQty: '0',
    orderId: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
    orderLinkId: '',
    orderPrice: '100000.1',
    orderQty: '0.003',
    orderType: 'Limit',
    stopOrderType: 'UNKNOWN',
    side: 'Buy',
    execTime: '1760000000101',
    isLeverage: '0',
    isMaker: false,
    seq: 190000000001,
    marketUnit: '',
    execPnl: '0',
    createType: 'CreateByUser',
    extraFees: '',
    feeCurrency: 'USDT',
    ...fields,
  }
}

/** An order's state as the exchange writes it. */
export function wireOrder(fields: Item = {}): Item {
  return {
    category: 'linear',
    symbol: 'BTCUSDT',
    orderId: 'aaaaaaaa-bbbb-4ccc-8ddd-ffffffffffff',
    orderLinkId: '',
    parentOrderLinkId: '',
    blockTradeId: '',
    side: 'Sell',
    positionIdx: 0,
    orderStatus: 'Cancelled',
    cancelType: 'CancelByUser',
    rejectReason: 'EC_PerCancelRequest',
    timeInForce: 'GTC',
    isLeverage: '',
    price: '101000',
    qty: '0.01',
    avgPrice: '',
    leavesQty: '0',
    leavesValue: '0',
    cumExecQty: '0',
    cumExecValue: '0',
    cumExecFee: '0',
    cumFeeDetail: {},
    orderType: 'Limit',
    stopOrderType: '',
    orderIv: '',
    triggerPrice: '',
    takeProfit: '',
    stopLoss: '',
    triggerBy: '',
    tpTriggerBy: '',
    slTriggerBy: '',
    triggerDirection: 0,
    placeType: '',
    lastPriceOnCreated: '100000.1',
    closeOnTrigger: false,
    reduceOnly: false,
    smpGroup: 0,
    smpType: 'None',
    smpOrderId: '',
    slLimitPrice: '0',
    tpLimitPrice: '0',
    tpslMode: 'UNKNOWN',
    createType: 'CreateByUser',
    marketUnit: '',
    createdTime: '1760000000900',
    updatedTime: '1760000001000',
    feeCurrency: '',
    closedPnl: '0',
    slippageTolerance: '0',
    slippageToleranceType: 'UNKNOWN',
    rpiTakerAccess: false,
    rpiMatchedQty: '0',
    ...fields,
  }
}

/** A flat leg as the exchange writes it. */
export function wirePosition(fields: Item = {}): Item {
  return {
    category: 'linear',
    symbol: 'BTCUSDT',
    side: '',
    size: '0',
    positionIdx: 0,
    tradeMode: 0,
    positionValue: '',
    riskId: 1,
    riskLimitValue: '2000000',
    entryPrice: '0',
    breakEvenPrice: '',
    markPrice: '100000.3',
    leverage: '10',
    positionBalance: '0',
    autoAddMargin: 0,
    positionIM: '0',
    positionIMByMp: '0',
    positionMM: '0',
    positionMMByMp: '0',
    liqPrice: '',
    bustPrice: '',
    tpslMode: 'Full',
    takeProfit: '0',
    stopLoss: '0',
    trailingStop: '0',
    unrealisedPnl: '0',
    sessionAvgPrice: '0',
    curRealisedPnl: '1.2',
    cumRealisedPnl: '-5.01',
    positionStatus: 'Normal',
    adlRankIndicator: 0,
    isReduceOnly: false,
    mmrSysUpdatedTime: '',
    leverageSysUpdatedTime: '',
    createdTime: '1700000000000',
    updatedTime: '1760000000108',
    openTime: 0,
    seq: 190000000001,
    ...fields,
  }
}

/** A coin of a wallet as the exchange writes it. */
export function wireCoin(fields: Item = {}): Item {
  return {
    coin: 'USDT',
    equity: '10000.5',
    usdValue: '10000.9',
    walletBalance: '10000.1',
    availableToWithdraw: '',
    availableToBorrow: '',
    borrowAmount: '0',
    accruedInterest: '0',
    totalOrderIM: '0',
    totalPositionIM: '30',
    totalPositionMM: '3',
    unrealisedPnl: '0.4',
    cumRealisedPnl: '-5.01',
    bonus: '0',
    collateralSwitch: true,
    marginCollateral: true,
    locked: '0',
    spotHedgingQty: '0',
    spotBorrow: '0',
    colRes: '0',
    ...fields,
  }
}

/** A wallet as the exchange writes it. */
export function wireWallet(coins: unknown = [wireCoin()], fields: Item = {}): Item {
  return {
    accountType: 'UNIFIED',
    accountIMRate: '0.01',
    accountMMRate: '0.001',
    accountIMRateByMp: '0.01',
    accountMMRateByMp: '0.001',
    accountLTV: '0',
    totalEquity: '10000.5',
    totalWalletBalance: '10000.1',
    totalMarginBalance: '10000.5',
    totalAvailableBalance: '9900',
    totalPerpUPL: '0.4',
    totalInitialMargin: '100',
    totalMaintenanceMargin: '10',
    totalInitialMarginByMp: '100',
    totalMaintenanceMarginByMp: '10',
    coin: coins,
    ...fields,
  }
}

/** The text of a private message. */
export function privateFrame(
  topic: string,
  data: unknown,
  creationTime: unknown = 1760000000110,
): string {
  return JSON.stringify({ id: '1000001_1', topic, creationTime, data })
}

/** The body of a private reply. */
export function privateReply(result: Item, time: unknown = 1760000000110): Buffer {
  return Buffer.from(JSON.stringify({ retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time }))
}
