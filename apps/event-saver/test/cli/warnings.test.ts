import { once } from 'node:events'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { logWarnings } from '../../src/log/warnings.ts'

let listeners: NodeJS.WarningListener[]

beforeEach(() => {
  listeners = process.listeners('warning')
})
afterEach(() => {
  process.removeAllListeners('warning')
  for (const listener of listeners) process.on('warning', listener)
})

it('a warning of several lines becomes one line of the log, and nothing else prints it', async () => {
  const lines: string[] = []
  logWarnings(pino({ base: null }, { write: (line) => lines.push(line) }))
  const warned = once(process, 'warning')
  process.emitWarning('first\nsecond', 'DeprecationWarning')
  await warned
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { code: 'RUNTIME_WARNING', name: 'DeprecationWarning', reason: 'first\nsecond' },
  ])
  expect(process.listenerCount('warning')).toBe(1)
})
