import { type Clock, systemClock } from '@grid/core-events'
import { ServerClock } from '../auth/server-clock.ts'
import type { RestClientOptions } from './http/new-requester.ts'
import { BybitRestClient } from './rest-client.ts'

/** The server clocks of this process, by our clock and the exchange's host. */
const shared = new WeakMap<Clock, Map<string, ServerClock>>()

/** The one server clock of a host: hundreds of accounts must not each ask for the time. */
export function sharedServerClock(base: string, options: RestClientOptions): ServerClock {
  const clock = options.clock ?? systemClock
  let byHost = shared.get(clock)
  if (byHost === undefined) {
    byHost = new Map()
    shared.set(clock, byHost)
  }
  let serverClock = byHost.get(base)
  if (serverClock === undefined) {
    // Few attempts, because those who wait for the time try again by themselves.
    const client = new BybitRestClient({ ...options, restUrl: base, maxAttempts: 2 })
    serverClock = new ServerClock({ clock, readTime: (call) => client.time(call) })
    byHost.set(base, serverClock)
  }
  return serverClock
}
