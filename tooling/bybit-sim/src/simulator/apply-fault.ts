import { type Clock, sleep } from '@grid/core-events'
import type { ServerClock } from '../base/server-clock.ts'
import type { Fault, FaultReport } from '../faults/fault.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import type { RecentTradeLies } from '../faults/recent-trade-lies.ts'
import type { RestFaults } from '../faults/rest-faults.ts'
import type { Connection } from '../sockets/connection.ts'
import type { Hub } from '../sockets/hub.ts'
import type { Listener } from '../sockets/listener.ts'

const DEFAULT_OVERSIZE = 1024 * 1024
/** Time between attempts to open the port again. */
const RELISTEN_MS = 50

/** The parts that faults act on. */
export interface FaultScene {
  readonly clock: Clock
  readonly serverClock: ServerClock
  readonly restFaults: RestFaults
  readonly lies: RecentTradeLies
  readonly hub: Hub
  readonly plan: FaultPlan
  readonly socketPort: Listener
  /** Aborted when the simulator stops. */
  readonly signal: AbortSignal
}

/** Injects a fault; resolves when it has taken effect: connections that it closes are gone by then. */
export async function applyFault(scene: FaultScene, fault: Fault): Promise<FaultReport> {
  const hit = scene.hub.targets('uid' in fault || 'connection' in fault ? fault : {})
  switch (fault.kind) {
    case 'close':
      await Promise.all(hit.map((connection) => end(connection, fault)))
      return report(fault, hit)
    case 'half-open':
      for (const connection of hit) connection.halfOpen()
      return report(fault, hit)
    case 'duplicate':
      if (fault.which === 'last')
        return report(
          fault,
          hit.filter((c) => c.repeatLast()),
        )
      for (const connection of hit) connection.duplicateNext()
      return report(fault, hit)
    case 'garbage':
      for (const connection of hit) {
        connection.send(garbage(fault), { binary: fault.payload === 'binary' })
      }
      return report(fault, hit)
    case 'reject-topic':
      scene.plan.reject(fault.target, fault.forMs)
      return report(fault)
    case 'drop-ack':
    case 'delay-ack':
      scene.plan.addAckRule(fault)
      return report(fault)
    case 'auth':
      scene.plan.addAuthRule(fault)
      return report(fault)
    case 'silence':
      scene.plan.silence(
        fault,
        hit.map((connection) => connection.number),
      )
      return report(fault, hit)
    case 'drop-frame':
      for (const connection of hit) connection.dropNext(fault.topic ?? null, fault.count ?? 1)
      return report(fault, hit)
    case 'reorder':
      for (const connection of hit) connection.swapNext()
      return report(fault, hit)
    case 'delay':
      for (const connection of hit) connection.delay(fault.delayMs, fault.forMs)
      return report(fault, hit)
    case 'slow':
      for (const connection of hit) connection.slow(fault.bytesPerSecond, fault.forMs)
      return report(fault, hit)
    case 'stop-reading':
      for (const connection of hit) connection.stopReading(fault.forMs)
      return report(fault, hit)
    case 'clock-offset':
      scene.serverClock.setOffset(fault.offsetMs)
      return report(fault)
    case 'rest':
      scene.restFaults.add(fault)
      return report(fault)
    case 'recent-trade':
      scene.lies.add(fault)
      return report(fault)
    case 'refuse':
      if (fault.how !== 'tcp') scene.plan.refuse(fault.how, fault.forMs)
      else {
        scene.socketPort.down()
        void comeBack(scene, fault.forMs)
      }
      return report(fault)
  }
}

function report(fault: Fault, connections: readonly Connection[] = []): FaultReport {
  return { kind: fault.kind, connections: connections.map((connection) => connection.number) }
}

function end(connection: Connection, fault: Extract<Fault, { kind: 'close' }>): Promise<void> {
  if (fault.lossy === true) return connection.destroy()
  if (fault.abrupt === true) return connection.drop()
  return connection.close(fault.code ?? 1001, fault.reason ?? '')
}

function garbage(fault: Extract<Fault, { kind: 'garbage' }>): Buffer {
  switch (fault.payload) {
    case 'text':
      return Buffer.from('<html><h1>502 Bad Gateway</h1></html>')
    case 'binary':
      return Buffer.from([0, 1, 2, 253, 254, 255])
    case 'invalid-utf8':
      return Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])
    case 'oversized':
      return Buffer.alloc(fault.bytes ?? DEFAULT_OVERSIZE, 'x')
  }
}

/** Opens the port again; retries, because another socket may hold it for a moment by then. */
async function comeBack(scene: FaultScene, afterMs: number): Promise<void> {
  await sleep(scene.clock, afterMs, scene.signal)
  while (!scene.signal.aborted) {
    try {
      await scene.socketPort.up()
      return
    } catch {
      scene.socketPort.down()
      await sleep(scene.clock, RELISTEN_MS, scene.signal)
    }
  }
}
