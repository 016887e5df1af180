import type { PrivateChannel, PrivateChannelEvents } from '@grid/core-events'
import { mapExecution } from './execution.ts'
import { mapOrder } from './order.ts'
import { mapPosition } from './position.ts'
import type { PrivateMapper } from './private-mapper.ts'
import { mapWallet } from './wallet.ts'

/**
 * Every private channel's mapper: the one place where a new channel is listed. A channel's topic has
 * its name.
 *
 * `execution.fast` is left out: it is a subset of `execution`, without fees and types.
 */
export const PRIVATE_MAPPERS: {
  readonly [Name in PrivateChannel]: PrivateMapper<PrivateChannelEvents[Name]>
} = {
  execution: mapExecution,
  order: mapOrder,
  position: mapPosition,
  wallet: mapWallet,
}
