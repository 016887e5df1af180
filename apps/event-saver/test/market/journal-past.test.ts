import { expect, it } from 'vitest'
import { AccountJournalPast, accountLiveNote } from '../../src/accounts/account-journal-past.ts'
import type { JournalItem, JournalNote } from '../../src/journal/format/items.ts'
import { JournalPast, liveNote } from '../../src/market/journal-past.ts'

const BTC = { category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' } as const
const ETH = { ...BTC, symbol: 'ETHUSDT' } as const
const ANN = { userId: 'user', accountId: 'ann', createdAt: 0 }

const placed = (position: number) => ({
  position,
  localTsUs: 1_760_000_000_000_000,
  isState: false,
})
const boot = (position: number): JournalItem => ({
  ...placed(position),
  kind: 'boot',
  environment: 'simulated',
})
const noted = (position: number, note: JournalNote): JournalItem => ({
  ...placed(position),
  kind: 'note',
  note,
})

it('knows what was captured by the process that is being read', async () => {
  const past = new JournalPast({
    firstOfProcess: 30,
    lastStored: () => undefined,
    onGap: () => {},
    onRead: () => {},
  })
  const accounts = new AccountJournalPast({
    firstOfProcess: 30,
    isCaptured: () => true,
    missedSince: async () => ({}),
    onGap: () => {},
  })
  const read = async (item: JournalItem) => {
    await past.onItem(item, null)
    await accounts.onItem(item)
    return [...past.streams, ...accounts.streams]
  }
  await read(boot(1))
  await read(noted(2, liveNote(BTC, 'publicTrade.BTCUSDT')))
  const ofAnn = { accountId: 'ann', channel: 'order' }
  expect(await read(noted(3, accountLiveNote(ANN, 'order')))).toEqual([BTC, ofAnn])
  await read(boot(20))
  expect(await read(noted(21, liveNote(ETH, 'publicTrade.ETHUSDT')))).toEqual([ETH])
  expect(await read(boot(30))).toEqual([])
})
