import { expect, test } from 'vitest'
import { answer } from '../../support/hand-server.ts'
import { serve, silent, watch } from '../../support/serve.ts'
import { until } from '../../support/until.ts'

test('a connection that was silent is asked once, and given until it brings anything', async () => {
  const server = await serve()
  const watched = watch(server.url)
  expect(watched.stream.askSilent(4000)).toEqual([])
  await watched.stream.start()
  server.answer = silent
  watched.clock.advance(3000)
  expect(watched.stream.askSilent(4000)).toEqual([])
  watched.clock.advance(1000)
  const asked = [{ connection: 1, silentForMs: 4000, unansweredForMs: 0 }]
  expect(watched.stream.askSilent(4000)).toEqual(asked)
  watched.clock.advance(3000)
  const waiting = [{ connection: 1, silentForMs: 7000, unansweredForMs: 3000 }]
  expect(watched.stream.askSilent(4000)).toEqual(waiting)
  await until('a question', () => server.asked('ping').length === 1)

  // A pong is a sign of life like any frame.
  const [question] = server.asked('ping')
  if (question !== undefined) answer(question, server.socket)
  await until('the answer', () => watched.stream.askSilent(4000).length === 0)
  watched.clock.advance(4000)
  expect(watched.stream.askSilent(4000)).toMatchObject([{ unansweredForMs: 0 }])
  await until('another question', () => server.asked('ping').length === 2)
  await watched.stream.close()
  expect(watched.stream.askSilent(4000)).toEqual([])
})
