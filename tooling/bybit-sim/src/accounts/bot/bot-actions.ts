import { trimmedText } from '../../base/decimal-text.ts'
import { fixedText, magnitude, ZERO } from '../../base/fixed.ts'
import type { Random } from '../../base/random.ts'
import type { Desk } from '../../market/desk.ts'
import type { Floor } from '../floor/floor.ts'
import { forceClose } from '../floor/forced.ts'
import type { Account, AccountOrder } from '../holdings/account.ts'
import type { Leg } from '../holdings/leg.ts'
import { lotOf } from '../matching/matcher.ts'
import type { OrderSpec, Side } from '../orders/order.ts'

/** The account and the instrument for which a bot acts. */
export interface BotScene {
  readonly floor: Floor
  readonly random: Random
  readonly account: Account
  readonly desk: Desk
}

/** With so many open orders in a symbol, a bot places no more there. */
const MAX_OPEN = 6
const MAX_LOTS = 20
const MAX_TICKS = 30

/** What a bot does, and the weight of each action in the draw. */
export const BOT_ACTIONS: readonly { weight: number; act: (scene: BotScene) => void }[] = [
  { weight: 300, act: placeMarket },
  { weight: 220, act: placeResting },
  { weight: 220, act: fillResting },
  { weight: 60, act: takeFromAnother },
  { weight: 80, act: amendResting },
  { weight: 70, act: cancelResting },
  { weight: 25, act: cancelTooLate },
  { weight: 15, act: placeRefused },
  { weight: 20, act: placeConditional },
  { weight: 20, act: redeliver },
  { weight: 5, act: transfer },
  { weight: 5, act: setLeverage },
  { weight: 2, act: liquidate },
]
export const TOTAL_WEIGHT: number = BOT_ACTIONS.reduce((sum, { weight }) => sum + weight, 0)

function placeMarket(scene: BotScene): void {
  place(scene, { ...terms(scene), parts: 1 + scene.random.below(3) })
}

/** Buys below the market or sells above it, so that the order rests. */
function placeResting(scene: BotScene): void {
  const { account, desk, random } = scene
  const { category, symbol } = desk.instrument
  if (account.openOrders(category, symbol).length >= MAX_OPEN) return
  const order = terms(scene)
  const price = priceFrom(scene, order.side === 'Buy' ? -1 : 1)
  place(scene, { ...order, price, ...(random.chance(0.3) ? { orderLinkId: linkId(random) } : {}) })
}

function fillResting(scene: BotScene): void {
  const order = pickResting(scene)
  if (order === undefined) return
  const lots = order.leaves / lotOf(scene.desk)
  const isWhole = scene.random.chance(0.5)
  const qty = isWhole ? order.leaves : part(scene.random, lots) * lotOf(scene.desk)
  scene.floor.happen((batch) => scene.floor.matcher.fill(order, batch, qty, order.price))
}

/** Takes a resting order of another account, so that one match concerns two accounts. */
function takeFromAnother(scene: BotScene): void {
  const { floor, account, desk } = scene
  const { category, symbol } = desk.instrument
  for (const other of floor.accounts) {
    if (other === account) continue
    const order = other.openOrders(category, symbol).find(({ rests }) => rests)
    if (order === undefined) continue
    const side: Side = order.terms.side === 'Buy' ? 'Sell' : 'Buy'
    const price = fixedText(order.price)
    place(scene, { ...terms(scene, side), price, timeInForce: 'IOC' })
    return
  }
}

function amendResting(scene: BotScene): void {
  const order = pickResting(scene)
  if (order === undefined) return
  const price = priceFrom(scene, order.terms.side === 'Buy' ? -1 : 1)
  if (price === fixedText(order.price)) return
  scene.floor.happen((batch) => scene.floor.matcher.amend(order, batch, { price }))
}

function cancelResting(scene: BotScene): void {
  const order = pickResting(scene)
  if (order === undefined) return
  scene.floor.happen((batch) => scene.floor.matcher.cancel(order, batch))
}

/** Cancels an order just after it was filled. */
function cancelTooLate(scene: BotScene): void {
  const order = pickResting(scene)
  if (order === undefined) return
  const { floor } = scene
  floor.happen((batch) => floor.matcher.fill(order, batch, order.leaves, order.price))
  floor.happen((batch) => floor.matcher.cancel(order, batch))
}

/** Places a post-only order that would take, or an IOC order that finds nothing to take. */
function placeRefused(scene: BotScene): void {
  const { random } = scene
  const order = terms(scene)
  const isPostOnly = random.chance(0.5)
  const away = (order.side === 'Buy') === isPostOnly ? 1 : -1
  const timeInForce = isPostOnly ? 'PostOnly' : 'IOC'
  place(scene, { ...order, price: priceFrom(scene, away), timeInForce })
}

/** Places a conditional order, then triggers or cancels it. */
function placeConditional(scene: BotScene): void {
  const { floor, random } = scene
  const order = place(scene, { ...terms(scene), triggerPrice: priceFrom(scene, 1) })
  floor.happen((batch) => {
    if (random.chance(0.7)) floor.matcher.trigger(order, batch)
    else floor.matcher.cancel(order, batch)
  })
}

function redeliver({ floor, account, random }: BotScene): void {
  floor.feed.redeliver(account.uid, null, 1 + random.below(5))
}

function transfer({ floor, account, desk, random }: BotScene): void {
  const amount = fixedText(BigInt(1 + random.below(100_000)) * 10_000_000_000n)
  floor.transfer(account.uid, desk.instrument.settleCoin, amount)
}

function setLeverage({ floor, account, desk, random }: BotScene): void {
  if (desk.instrument.category === 'spot') return
  floor.setLeverage(account.uid, desk, String(1 + random.below(50)))
}

function liquidate({ floor, account, desk, random }: BotScene): void {
  if (desk.instrument.category === 'spot') return
  const leg = openLegs(account, desk)[0]
  if (leg === undefined) return
  const why = random.chance(0.7) ? 'liquidation' : 'adl'
  forceClose(floor, account, desk, leg.positionIdx, why)
}

/** The open legs of a symbol. Does not use `legsOf`, which would create legs. */
function openLegs(account: Account, desk: Desk): Leg[] {
  return account.legs.filter((leg) => leg.desk === desk && leg.size !== ZERO)
}

function place({ floor, account }: BotScene, spec: OrderSpec): AccountOrder {
  return floor.happen((batch) => floor.matcher.place(account, spec, batch))
}

/** An order that the account can place; sometimes one that closes a position. */
function terms(scene: BotScene, wanted?: Side): OrderSpec {
  const { account, desk, random } = scene
  const { category, symbol } = desk.instrument
  const lots = BigInt(1 + random.below(MAX_LOTS))
  const side = wanted ?? (random.chance(0.5) ? 'Buy' : 'Sell')
  const order = { category, symbol, qty: fixedText(lots * lotOf(desk)) }
  if (category === 'spot') {
    const has = account.coin(desk.instrument.baseCoin).balance >= lots * lotOf(desk)
    return { ...order, side: has ? side : 'Buy' }
  }
  const leg = openLegs(account, desk).find((one) => one.side !== side)
  if (leg === undefined || !random.chance(0.5)) return { ...order, side }
  const claimed = account
    .openOrders(category, symbol)
    .filter((open) => open.terms.side === side && open.terms.positionIdx === leg.positionIdx)
    .reduce((sum, open) => sum + open.leaves, ZERO)
  const free = (magnitude(leg.size) - claimed) / lotOf(desk)
  if (free <= 0n) return { ...order, side }
  const qty = fixedText(part(random, free) * lotOf(desk))
  return { ...order, side, qty, positionIdx: leg.positionIdx, reduceOnly: true }
}

function pickResting({ account, desk, random }: BotScene): AccountOrder | undefined {
  const { category, symbol } = desk.instrument
  const resting = account.openOrders(category, symbol).filter(({ rests }) => rests)
  return resting[random.below(resting.length)]
}

/** A random number of the lots, at least one and at most 1000. */
function part(random: Random, lots: bigint): bigint {
  return 1n + BigInt(random.below(Number(lots < 1000n ? lots : 1000n)))
}

/** A price some ticks above the last price, or below it. */
function priceFrom({ desk, random }: BotScene, direction: 1 | -1): string {
  const { tick, priceDecimals } = desk.instrument
  const ticks = direction * (1 + random.below(MAX_TICKS))
  return trimmedText(desk.tape.state.price + ticks * tick, priceDecimals)
}

function linkId(random: Random): string {
  return `bot-${random.uint32().toString(16)}`
}
