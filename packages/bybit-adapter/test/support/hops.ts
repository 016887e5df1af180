import { setTimeout as delay } from 'node:timers/promises'

/** More than a queued request takes through its endpoint's queue and its address's. */
const HOPS = 30

/**
 * Lets the queues' own hops happen, which run on real timers, one after another. Counted in hops and
 * not in time: a busy machine may let any time pass in which none happens.
 */
export async function hops(): Promise<void> {
  for (let hop = 0; hop < HOPS; hop++) await delay(1)
}
