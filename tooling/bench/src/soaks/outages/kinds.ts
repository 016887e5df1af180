import { failover } from './failover.ts'
import { fullDisk } from './full-disk.ts'
import type { OutageKind } from './outage-kind.ts'

/** The server is stopped in an orderly way. */
const stopped: OutageKind = {
  name: 'stopped',
  title: 'PostgreSQL stopped',
  async run({ postgres }, { forMs, wait }) {
    await postgres.stop()
    await wait(forMs)
    await postgres.start()
  },
}

/** Connections stay open and pass nothing on, as when a machine or a path vanishes; the open ones never recover. */
const halfOpen: OutageKind = {
  name: 'half-open',
  title: 'connections to PostgreSQL half-open',
  async run({ relay }, { forMs, wait }) {
    relay.swallow()
    await wait(forMs)
    relay.heal()
  },
}

/** The server ends without finishing anything, in the middle of whatever batch is under way, and comes back. */
const restarts: OutageKind = {
  name: 'restarts',
  title: 'PostgreSQL killed and restarted again and again, in the middle of batches',
  async run({ postgres }, { forMs, random, wait }) {
    const until = Date.now() + forMs
    while (Date.now() < until) {
      await postgres.stop(random() < 0.5 ? 'immediate' : 'kill')
      await wait(random() * 1000)
      await postgres.start()
      await wait(500 + random() * 3000)
    }
  },
}

/** All outages. A new one adds its line here. */
export const OUTAGES: readonly OutageKind[] = [stopped, halfOpen, restarts, fullDisk, failover]
