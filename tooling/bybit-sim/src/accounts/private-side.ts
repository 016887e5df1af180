import type { Clock } from '@grid/core-events'
import { Random } from '../base/random.ts'
import type { ExchangeRules } from '../base/rules.ts'
import type { ServerClock } from '../base/server-clock.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import type { Market } from '../market/market.ts'
import type { Hub } from '../sockets/hub.ts'
import type { RequestHandler } from '../sockets/request-handler.ts'
import { AccountExchange } from './account-exchange.ts'
import { TradingBot } from './bot/trading-bot.ts'
import { Floor } from './floor/floor.ts'
import { MarketPrices } from './holdings/market-prices.ts'
import { KeyRing } from './keys/key-ring.ts'
import { Matcher } from './matching/matcher.ts'
import { PrivateFeed } from './private/private-feed.ts'
import { PrivateRequests } from './private/private-requests.ts'
import { parsePrivateTopic } from './private/private-topic.ts'

/** Topics that can be subscribed to, but never carry data here. */
const SILENT_TOPICS = ['greeks', 'dcp.future', 'dcp.spot', 'dcp.option']

/** The parts of the exchange that handle accounts. */
export interface PrivateSide {
  readonly floor: Floor
  readonly prices: MarketPrices
  readonly requests: PrivateRequests
  readonly control: AccountExchange
}

/** Builds the private half of the exchange, without accounts. */
export function buildPrivateSide(options: {
  clock: Clock
  serverClock: ServerClock
  hub: Hub
  faults: FaultPlan
  rules: ExchangeRules
  market: Market
  /** Answers everything but `auth`. */
  requests: RequestHandler
  seed: number
}): PrivateSide {
  const { clock, serverClock, hub, faults, rules, market, requests, seed } = options
  const random = (name: string): Random => new Random(`${seed}/private/${name}`)
  const prices = new MarketPrices(market)
  const botRandom = random('bot')
  const keys = new KeyRing(random('keys'))
  const feed = new PrivateFeed({ hub, clock: serverClock, random: random('feed'), prices })
  const matcher = new Matcher({ market, clock: serverClock, random: random('matches') })
  const floor = new Floor({
    market,
    matcher,
    keys,
    feed,
    clock: serverClock,
    random: random('accounts'),
  })
  return {
    floor,
    prices,
    requests: new PrivateRequests({ clock, serverClock, faults, rules, keys, feed, requests }),
    control: new AccountExchange({
      floor,
      prices,
      rules,
      makeBot: (spec) => new TradingBot({ floor, clock, random: botRandom, spec }),
    }),
  }
}

/** Whether a topic can be subscribed to on the private socket. */
export function servesPrivately(topic: string): boolean {
  return parsePrivateTopic(topic) !== null || SILENT_TOPICS.includes(topic)
}
