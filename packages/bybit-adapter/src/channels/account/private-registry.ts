import type { PrivateChannel, PrivateChannelEvents } from '@grid/core-events'
import { mapExecution } from './execution.ts'
import { mapOrder } from './order.ts'
import { mapPosition } from './position.ts'
import type { PrivateMapper } from './private-mapper.ts'
import { mapWallet } from './wallet.ts'

/**
 * Every private channel's mapper, whose topic has the channel's name: the one place where a new one
 * is listed.
 *
 * `execution.fast` is not among them: it is a subset of `execution`, without fees and types.
 */
export const PRIVATE_MAPPERS: {
  readonly [Name in PrivateChannel]: PrivateMapper<PrivateChannelEvents[Name]>
} = {
  execution: mapExecution,
  order: mapOrder,
  position: mapPosition,
  wallet: mapWallet,
}
