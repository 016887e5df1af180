import { expect, test } from 'vitest'
import {
  type NormalizeResult,
  type PrivateFilter,
  PrivateFrameReplayer,
  type PrivateStreamControl,
  type ReplayedFrame,
} from '../../src/index.ts'
import { privateFrame, wireExecution } from '../support/private-frames.ts'
import { account } from '../support/private-hand.ts'
import { ACCOUNT_ID } from '../support/signed-hand.ts'
import { until } from '../support/until.ts'

test('kept frames of an account, read again, give the same', async () => {
  const filter: PrivateFilter = { orderTypes: ['Limit'] }
  const { server, watched } = await account({ maxPayloadBytes: 10_000, filter })
  const kept: (ReplayedFrame | PrivateStreamControl)[] = []
  watched.stream.on('frame', ({ bytes, localTsUs, connection, isBinary }) =>
    kept.push({ bytes: Buffer.from(bytes), localTsUs, connection, isBinary }),
  )
  watched.stream.on('control', (control) => kept.push(control))
  await watched.stream.start()
  const text = privateFrame('execution', [
    wireExecution(),
    wireExecution({ orderType: 'Market' }),
    wireExecution({ execId: '' }),
  ])
  server.socket.send(text)
  server.socket.send(Buffer.from(text))
  server.socket.send('no JSON')
  server.socket.send('{"op":"noise","success":true}')
  server.socket.send('x'.repeat(10_001))
  await watched.told('closed')
  const replayer = new PrivateFrameReplayer({ accountId: ACCOUNT_ID, filter })
  const results: NormalizeResult<never>[] = kept.flatMap((record) => {
    const result = 'bytes' in record ? replayer.normalize(record) : replayer.control(record)
    return result === null ? [] : [result as NormalizeResult<never>]
  })
  expect(results).toEqual(
    watched.normalized.map(({ events, deadLetters, discarded }) => ({
      events,
      deadLetters,
      discarded,
    })),
  )
  expect(results.map(({ deadLetters }) => deadLetters.map(({ code }) => code))).toEqual([
    ['ITEM_MALFORMED'],
    ['FRAME_NOT_JSON'],
    ['FRAME_NOT_JSON'],
    [],
    ['FRAME_TOO_LARGE'],
  ])
  const controls = kept.flatMap((record) => ('type' in record ? [record.type] : []))
  expect(controls).toEqual(['opened', 'oversized', 'closed'])
  await until('the socket is gone', () => server.socket.readyState === server.socket.CLOSED)
})

test('an account that is none is refused', () => {
  expect(() => new PrivateFrameReplayer({ accountId: 'x' })).toThrow('accountId must be a UUID')
})
