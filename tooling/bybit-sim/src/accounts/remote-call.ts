import { SimError } from '../base/errors.ts'
import type { AccountExchange } from './account-exchange.ts'

/** The methods that another process can call: all but `together`, which takes a function. */
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
  'corporateAction',
  'buyEventContract',
  'transfer',
  'setLeverage',
  'redeliver',
  'tell',
  'messages',
  'startBot',
  'stopBot',
  'books',
] as const satisfies readonly (keyof AccountExchange)[]

/** A method of the exchange that another process can call. */
export type RemoteName = (typeof REMOTE)[number]

/** Calls a method of the exchange by its name; throws `SIM_BAD_INPUT` for a call that cannot be read. */
export function callRemotely(exchange: AccountExchange, value: unknown): unknown {
  const { call, args = [] } = (value ?? {}) as { call?: unknown; args?: unknown }
  const name = REMOTE.find((candidate) => candidate === call)
  if (name === undefined || !Array.isArray(args)) {
    throw new SimError(
      'SIM_BAD_INPUT',
      `the body needs args, a list, and call, one of ${REMOTE.join(', ')}`,
    )
  }
  const method = exchange[name] as (...args: unknown[]) => unknown
  return method.apply(exchange, args)
}
