import { SimError } from '../base/errors.ts'
import type { AccountExchange } from './account-exchange.ts'

/** What of the exchange can be asked for from another process; `together` takes a function. */
const REMOTE = [
  'openAccount',
  'accounts',
  'createKey',
  'revokeKey',
  'changeKey',
  'placeOrder',
  'amendOrder',
  'cancelOrder',
  'fillOrder',
  'triggerOrder',
  'liquidate',
  'deleverage',
  'payFunding',
  'transfer',
  'setLeverage',
  'redeliver',
  'tell',
  'messages',
  'startBot',
  'stopBot',
  'books',
] as const satisfies readonly (keyof AccountExchange)[]

/** The name of something to ask the exchange of another process for. */
export type RemoteName = (typeof REMOTE)[number]

/** Calls the exchange by name; throws `SIM_BAD_INPUT` for a call that cannot be read. */
export function callRemotely(exchange: AccountExchange, value: unknown): unknown {
  const { call, args = [] } = (value ?? {}) as { call?: unknown; args?: unknown }
  const name = REMOTE.find((candidate) => candidate === call)
  if (name === undefined || !Array.isArray(args)) {
    throw new SimError(
      'SIM_BAD_INPUT',
      `it needs a list of args, and a call of ${REMOTE.join(', ')}`,
    )
  }
  const method = exchange[name] as (...args: unknown[]) => unknown
  return method.apply(exchange, args)
}
