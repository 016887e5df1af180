import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Slots } from '../../src/repair/slots.ts'

it('no more tasks run at a time than there are slots; urgent ones begin first, failures free their slot', async () => {
  const slots = new Slots(2)
  const begun: string[] = []
  const ends = new Map<string, (failure?: Error) => void>()
  const start = (name: string, isUrgent: boolean) =>
    slots.run(isUrgent, async () => {
      begun.push(name)
      const failure = await new Promise<Error | undefined>((resolve) => ends.set(name, resolve))
      if (failure !== undefined) throw failure
    })
  const first = start('first', false)
  const others = [start('second', false), start('old', false), start('new', true)]
  await turn()
  expect(begun).toEqual(['first', 'second'])
  ends.get('first')?.(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await turn()
  expect(begun).toEqual(['first', 'second', 'new'])
  ends.get('second')?.()
  await turn()
  expect(begun).toEqual(['first', 'second', 'new', 'old'])
  for (const name of ['new', 'old']) ends.get(name)?.()
  await Promise.all(others)
  await expect(slots.run(false, async () => 'free')).resolves.toBe('free')
})
