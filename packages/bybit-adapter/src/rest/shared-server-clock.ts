import { type Clock, systemClock } from '@grid/core-events'
import { ServerClock } from '../auth/server-clock.ts'
import type { RestClientOptions } from './http/new-requester.ts'
import { BybitRestClient } from './rest-client.ts'

/** Those of the process, by our clock and the exchange's host. */
const shared = new WeakMap<Clock, Map<string, ServerClock>>()

/** The one server clock of a host: three hundred accounts must not ask for the time each. */
export function sharedServerClock(base: string, options: RestClientOptions): ServerClock {
  const clock = options.clock ?? systemClock
  let byHost = shared.get(clock)
  if (byHost === undefined) {
    byHost = new Map()
    shared.set(clock, byHost)
  }
  let serverClock = byHost.get(base)
  if (serverClock === undefined) {
    // Whoever waits for it tries again by itself.
    const client = new BybitRestClient({ ...options, restUrl: base, maxAttempts: 2 })
    serverClock = new ServerClock({ clock, readTime: (call) => client.time(call) })
    byHost.set(base, serverClock)
  }
  return serverClock
}
