import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type ListenerFault, SafeEmitter } from '../src/index.ts'

type Events = { tick: number; tock: string }

describe('SafeEmitter', () => {
  it('calls every listener in order, even after one that throws', () => {
    const faults: ListenerFault[] = []
    const seen: string[] = []
    const emitter = new SafeEmitter<Events>((fault) => faults.push(fault))
    const error = new Error('broken listener')
    emitter.on('tick', (n) => seen.push(`first ${n}`))
    emitter.on('tick', () => {
      throw error
    })
    emitter.once('tick', () => {
      throw error
    })
    emitter.on('tick', (n) => seen.push(`last ${n}`))
    expect(emitter.emit('tick', 7)).toBe(true)
    expect(seen).toEqual(['first 7', 'last 7'])
    expect(faults).toEqual([
      { event: 'tick', error },
      { event: 'tick', error },
    ])
  })

  it('without onFault, a fault becomes an uncaught exception, and all listeners are still called', () => {
    const script = `
      import { SafeEmitter } from '@grid/core-events'
      process.on('uncaughtException', (error) => console.log('uncaught', error.message))
      const emitter = new SafeEmitter()
      emitter.on('tick', () => { throw new Error('broken') })
      emitter.on('tick', () => console.log('second'))
      emitter.emit('tick', 1)`
    const args = ['--conditions=@grid/source', '--input-type=module', '--eval', script]
    const output = execFileSync(process.execPath, args, { encoding: 'utf8' })
    expect(output).toBe('second\nuncaught broken\n')
  })

  it('delivers to a once listener exactly once, even when it emits again', () => {
    const emitter = new SafeEmitter<Events>()
    const seen: number[] = []
    emitter.once('tick', (n) => {
      seen.push(n)
      emitter.emit('tick', n + 1)
    })
    emitter.emit('tick', 1)
    expect(seen).toEqual([1])
    expect(emitter.listenerCount('tick')).toBe(0)
  })

  it('does not call a listener that was removed, in either way', () => {
    const emitter = new SafeEmitter<Events>()
    const seen: number[] = []
    const listener = (n: number): void => {
      seen.push(n)
    }
    emitter.on('tick', listener)
    emitter.off('tick', listener)
    emitter.on('tick', listener)()
    emitter.once('tick', listener)()
    expect(emitter.emit('tick', 1)).toBe(false)
    expect(seen).toEqual([])
  })

  it('still calls the other listeners when one removes itself', () => {
    const emitter = new SafeEmitter<Events>()
    const seen: string[] = []
    emitter.once('tock', (text) => seen.push(`once ${text}`))
    emitter.on('tock', (text) => seen.push(`on ${text}`))
    emitter.emit('tock', 'a')
    emitter.emit('tock', 'b')
    expect(seen).toEqual(['once a', 'on a', 'on b'])
  })
})
