import { describe, expect, it } from 'vitest'
import { verdictOf } from '../../src/accounts/account-status.ts'

describe('the state of an account', () => {
  it('stays refused when the exchange ends a connection with a refused key', () => {
    const closed = {
      type: 'closed',
      connection: 1,
      code: 1000,
      reason: 'by the exchange',
      retryInMs: 60_000,
    } as const
    const state = { isWhole: false, isKeyRefused: true }
    expect(verdictOf(closed, state)).toBeNull()
    expect(verdictOf(closed, { ...state, isKeyRefused: false })).toMatchObject({
      state: 'connecting',
      code: 'CONNECTION_CLOSED',
    })
  })
})
