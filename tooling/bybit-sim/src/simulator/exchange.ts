import type { Clock } from '@grid/core-events'
import { buildPrivateSide, type PrivateSide, servesPrivately } from '../accounts/private-side.ts'
import { ArchiveServer } from '../archive/archive-server.ts'
import { DEFAULT_RULES, type ExchangeRules } from '../base/rules.ts'
import { ServerClock } from '../base/server-clock.ts'
import { MarketFeed } from '../channels/market-feed.ts'
import { contractDialect } from '../dialects/contract-dialect.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { OPTION_DIALECT } from '../dialects/option-dialect.ts'
import { PRIVATE_DIALECT } from '../dialects/private-dialect.ts'
import { SPOT_DIALECT } from '../dialects/spot-dialect.ts'
import { FaultPlan } from '../faults/fault-plan.ts'
import { RecentTradeLies } from '../faults/recent-trade-lies.ts'
import { RestFaults } from '../faults/rest-faults.ts'
import { Market } from '../market/market.ts'
import { RestLimits } from '../rest/rest-limits.ts'
import { RestServer } from '../rest/rest-server.ts'
import { ExchangeSocket, type Requests } from '../sockets/exchange-socket.ts'
import { Hub } from '../sockets/hub.ts'
import { Listener } from '../sockets/listener.ts'
import { RequestHandler } from '../sockets/request-handler.ts'
import { TruthLedger } from '../truth/truth-ledger.ts'
import { answerHttp } from './answer-http.ts'
import type { SimulatorSettings } from './simulator-options.ts'

/** The parts of a simulated exchange. */
export interface Exchange {
  readonly rules: ExchangeRules
  readonly serverClock: ServerClock
  readonly ledger: TruthLedger
  readonly plan: FaultPlan
  readonly hub: Hub
  readonly market: Market
  readonly feed: MarketFeed
  readonly privateSide: PrivateSide
  readonly socket: ExchangeSocket
  /** Topics of frames that are broadcast by hand or replayed; no channel produces them. */
  readonly extraTopics: Set<string>
  readonly restFaults: RestFaults
  readonly lies: RecentTradeLies
  readonly restLimits: RestLimits
  /** The port of the sockets. */
  readonly socketPort: Listener
  /** The port of REST and the archive. */
  readonly httpPort: Listener
}

/** Builds an exchange without instruments and with its ports closed. */
export function buildExchange(settings: SimulatorSettings, clock: Clock): Exchange {
  const rules = { ...DEFAULT_RULES, ...settings.rules }
  const { seed, host } = settings
  const serverClock = new ServerClock(clock)
  const ledger = new TruthLedger(settings.truth)
  const plan = new FaultPlan(clock)
  const hub = new Hub(clock, plan)
  const market = new Market({ clock: serverClock, seed, rules })
  const wire = { clock, serverClock, hub, ledger, pace: settings, rules }
  const feed = new MarketFeed(market, wire)
  const extraTopics = new Set(settings.extraTopics)
  const requests = new RequestHandler({
    clock,
    serverClock,
    hub,
    faults: plan,
    rules,
    serves: (family, topic) =>
      (family === 'private' ? servesPrivately(topic) : feed.serves(family, topic)) ||
      extraTopics.has(topic),
    onSubscribed: (connection, topics) => {
      for (const topic of topics) feed.greet(connection, topic)
    },
  })
  const privateSide = buildPrivateSide({
    clock,
    serverClock,
    hub,
    faults: plan,
    rules,
    market,
    requests,
    seed,
  })
  const publicDialects = [
    contractDialect('linear'),
    contractDialect('inverse'),
    SPOT_DIALECT,
    OPTION_DIALECT,
  ]
  const socket = new ExchangeSocket({
    clock,
    hub,
    faults: plan,
    rules,
    dialects: new Map<Dialect, Requests>([
      ...publicDialects.map((dialect): [Dialect, Requests] => [dialect, requests]),
      [PRIVATE_DIALECT, privateSide.requests],
    ]),
    seed,
  })
  const restFaults = new RestFaults()
  const lies = new RecentTradeLies()
  const restLimits = new RestLimits(clock, serverClock, rules)
  const rest = new RestServer({
    clock,
    serverClock,
    market,
    rules,
    limits: restLimits,
    faults: restFaults,
    lies,
    floor: privateSide.floor,
    prices: privateSide.prices,
  })
  const archive = new ArchiveServer({ clock: serverClock, ledger, rules })
  return {
    rules,
    serverClock,
    ledger,
    plan,
    hub,
    market,
    feed,
    privateSide,
    socket,
    extraTopics,
    restFaults,
    lies,
    restLimits,
    socketPort: new Listener({
      host,
      port: settings.port,
      onUpgrade: (request, connection, head) => socket.upgrade(request, connection, head),
    }),
    httpPort: new Listener({
      host,
      port: settings.httpPort,
      onRequest: (request, response) => answerHttp(rest, archive, request, response),
    }),
  }
}
