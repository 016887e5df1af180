import { setTimeout as pause } from 'node:timers/promises'
import { type OwnPostgres, type Relay, startRelay } from '@grid/testing'
import type { Scene } from '../support/scene.ts'
import type { OutageKind } from './outage-kind.ts'

/** How much of what was committed the standby does not have. */
const LOST_MS = 2000

interface Standby {
  readonly server: OwnPostgres
  /** Through which it follows. */
  readonly link: Relay
}

const standbys = new WeakMap<Scene, Standby>()

/** The primary dies; its standby lacks the last two seconds, takes no writes at first, and then does. */
export const failover: OutageKind = {
  name: 'failover',
  title: 'failover to a standby that lacks the last 2 s, and is read-only until it is promoted',
  async prepare(scene, cleanUp) {
    standbys.set(scene, await follow(scene, cleanUp))
  },
  async run(scene, { forMs, wait }) {
    const standby = standbys.get(scene)
    if (standby === undefined) throw new Error('there is no standby')
    await failOver(scene, standby, { readOnlyMs: forMs, wait })
  },
}

/** Gives a scene's server a standby; stops the server for that. */
async function follow({ postgres }: Scene, cleanUp: AsyncDisposableStack): Promise<Standby> {
  const link = await startRelay(postgres.url)
  cleanUp.defer(() => link.close())
  const server = cleanUp.use(
    await postgres.startStandby({ host: '127.0.0.1', port: Number(new URL(link.url).port) }),
  )
  return { server, link }
}

/** Kills the primary server, and leads savers to its standby, which is promoted later. */
async function failOver(
  scene: Scene,
  { server, link }: Standby,
  {
    readOnlyMs,
    wait,
  }: { readonly readOnlyMs: number; readonly wait: (ms: number) => Promise<void> },
): Promise<void> {
  const former = scene.postgres
  const database = new URL(scene.databaseUrl).pathname
  link.swallow()
  await pause(LOST_MS)
  await former.stop('kill')
  const url = new URL(server.url)
  url.pathname = database
  scene.postgres = server
  scene.databaseUrl = url.href
  scene.relay.leadTo(server.url)
  await former[Symbol.asyncDispose]()
  await wait(readOnlyMs)
  await server.promote()
}
