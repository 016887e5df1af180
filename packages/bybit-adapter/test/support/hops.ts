import { setTimeout as delay } from 'node:timers/promises'

/** More timer turns than a request needs to pass its endpoint's queue and its address's. */
const HOPS = 30

/**
 * Lets requests pass the queues, which hop on real timers. It counts turns, not time: on a busy
 * machine any time may pass without a turn.
 */
export async function hops(): Promise<void> {
  for (let hop = 0; hop < HOPS; hop++) await delay(1)
}
