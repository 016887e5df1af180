import { expect, test } from 'vitest'
import { startSimulator } from '../../src/index.ts'
import { Client } from '../support/client.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

/** A topic of no channel that the simulator has. */
const TOPIC = 'pulse.5.BTCUSDT'

function pulse(ts: number, beat: number): string {
  // Blanks and an exponent, which a parser that writes the frame anew would change.
  return `{"topic":"${TOPIC}", "type":"snapshot","ts":${ts},"data":{"s":"BTCUSDT","beat":"${beat}e0"}}`
}

test('frames of an unknown topic are sent byte for byte, while the market runs', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ symbols: ['BTCUSDT'], extraTopics: [TOPIC], clock })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC, 'publicTrade.BTCUSDT')
  const frames = [pulse(1000, 1), pulse(1000, 2), pulse(2000, 3)]
  const replay = sim.replayFrames({ frames })
  // Lets the replay set its timer before the clock moves.
  await client.ask({ op: 'ping' })
  clock.advance(2000)
  expect(await replay).toEqual({ frames: 3, sent: 3 })
  sim.broadcast(TOPIC, pulse(3000, 4))
  await client.ask({ op: 'ping' })

  const sent = [...frames, pulse(3000, 4)]
  expect(client.texts.filter((text) => text.includes(TOPIC) && text.includes('beat'))).toEqual(sent)
  expect(client.frames('publicTrade.BTCUSDT').length).toBeGreaterThan(10)
  const { raws, trades } = sim.truth()
  expect(raws.map(({ topic, text, sentTo }) => [topic, text, sentTo])).toEqual(
    sent.map((text) => [TOPIC, text, [1]]),
  )
  expect(trades.length).toBeGreaterThan(10)
})

test('an unknown topic is acknowledged, refused and unsubscribed like any other', async () => {
  await using sim = await startSimulator({ symbols: ['BTCUSDT'], extraTopics: [TOPIC] })
  const client = await Client.open(sim.wsUrl)
  const answer = async (op: string, ...args: string[]): Promise<unknown> => {
    const { success, ret_msg, op: told } = JSON.parse(await client.ask({ op, args }))
    return [success, ret_msg, told]
  }
  // One bad topic voids the request, so that the known one beside it is not subscribed either.
  expect(await answer('subscribe', TOPIC, 'pulse.1.BTCUSDT')).toEqual([
    false,
    'error:handler not found,topic:pulse.1.BTCUSDT',
    'subscribe',
  ])
  expect(sim.broadcast(TOPIC, pulse(1, 1)).sentTo).toEqual([])
  expect(await answer('subscribe', TOPIC)).toEqual([true, '', 'subscribe'])
  expect(await answer('subscribe', TOPIC)).toEqual([
    false,
    `error:already subscribed,topic:${TOPIC}`,
    'subscribe',
  ])
  expect(sim.broadcast(TOPIC, pulse(2, 2)).sentTo).toEqual([1])
  expect(await answer('unsubscribe', TOPIC)).toEqual([true, '', 'unsubscribe'])
  expect(sim.broadcast(TOPIC, pulse(3, 3)).sentTo).toEqual([])
})

test.each(['linear', 'inverse', 'spot', 'option'] as const)(
  'the %s socket accepts an unknown topic, and faults apply to it',
  async (category) => {
    await using sim = await startSimulator({ symbols: [], extraTopics: [TOPIC] })
    const client = await Client.open(sim.wsUrl, `/v5/public/${category}`)
    expect(await client.subscribe(TOPIC)).toContain('"success":true')
    await sim.fault({ kind: 'duplicate' })
    expect(sim.broadcast(TOPIC, pulse(1, 1), category).sentTo).toEqual([1, 1])
    await sim.fault({ kind: 'silence', topic: TOPIC })
    expect(sim.broadcast(TOPIC, pulse(2, 2), category).sentTo).toEqual([])
    await client.until(() => client.frames(TOPIC).length === 2)
  },
)
