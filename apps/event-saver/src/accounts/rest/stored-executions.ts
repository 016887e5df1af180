import { type Category, eventKey } from '@grid/core-events'
import type { ExecutionRepository, TenantScope } from '@grid/db'
import type { ReadInterval } from './account-reader.ts'
import type { SeenInstruments } from './seen-instruments.ts'

/** What is needed to read which executions of an account are stored. */
export interface StoredExecutionsOptions {
  readonly accountId: string
  readonly scope: TenantScope
  readonly executions: Pick<ExecutionRepository, 'range'>
  readonly seen: SeenInstruments
}

/**
 * Reads the identities of an account's stored executions of some categories in an interval: witnesses of
 * whether a history leaves out anything. Their instruments count as seen, so that they are asked for.
 */
export async function storedExecutions(
  { accountId, scope, executions, seen }: StoredExecutionsOptions,
  categories: readonly Category[],
  { from, to }: ReadInterval,
): Promise<Set<string>> {
  const keys = new Set<string>()
  for await (const event of executions.range(scope, { accountId, from, to: to + 1 })) {
    seen.note(event)
    if (categories.includes(event.category)) keys.add(eventKey(event))
  }
  return keys
}
