import type { Clock } from '@grid/core-events'
import type { FaultPlan } from '../fault-plan.ts'
import type { Hub } from '../hub.ts'
import type { Market } from '../market.ts'
import { Random } from '../random.ts'
import type { RequestHandler } from '../request-handler.ts'
import type { ExchangeRules } from '../rules.ts'
import type { ServerClock } from '../server-clock.ts'
import { AccountExchange } from '../trading/account-exchange.ts'
import { Floor } from '../trading/floor.ts'
import { KeyRing } from '../trading/key-ring.ts'
import { MarketPrices } from '../trading/market-prices.ts'
import { Matcher } from '../trading/matcher.ts'
import { TradingBot } from '../trading/trading-bot.ts'
import { PrivateFeed } from './private-feed.ts'
import { PrivateRequests } from './private-requests.ts'
import { parsePrivateTopic } from './private-topic.ts'
import type { Prices } from './wallet-row.ts'

/** Topics that can be subscribed to and tell nothing here. */
const SILENT_TOPICS = ['greeks', 'dcp.future', 'dcp.spot', 'dcp.option']

/** The parts of the exchange that know of accounts. */
export interface PrivateSide {
  readonly floor: Floor
  readonly prices: Prices
  readonly requests: PrivateRequests
  readonly control: AccountExchange
}

/** Puts the private half together: no account is open yet. */
export function buildPrivateSide(options: {
  clock: Clock
  serverClock: ServerClock
  hub: Hub
  faults: FaultPlan
  rules: ExchangeRules
  market: Market
  /** Answers what is asked on any socket. */
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
