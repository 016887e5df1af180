import type { Category } from '@grid/core-events'
import type { PermissionGroup } from '../keys/api-key.ts'

/** What private topics tell of. */
export type PrivateKind = 'execution' | 'execution.fast' | 'order' | 'position' | 'wallet'

/** A private topic that can be subscribed to. */
export interface PrivateTopic {
  readonly kind: PrivateKind
  /** Null for the form that tells of every category. */
  readonly category: Category | null
}

const KINDS: readonly PrivateKind[] = ['execution.fast', 'execution', 'order', 'position', 'wallet']
const CATEGORIES_OF: { readonly [Kind in PrivateKind]: readonly Category[] } = {
  execution: ['linear', 'inverse', 'spot', 'option'],
  'execution.fast': ['linear', 'inverse', 'spot', 'option'],
  order: ['linear', 'inverse', 'spot', 'option'],
  position: ['linear', 'inverse', 'option'],
  wallet: [],
}
const GROUP_OF: { readonly [Name in Category]: PermissionGroup } = {
  linear: 'ContractTrade',
  inverse: 'ContractTrade',
  spot: 'Spot',
  option: 'Options',
}

/** Reads a topic; null when there is no such one. */
export function parsePrivateTopic(topic: string): PrivateTopic | null {
  const kind = KINDS.find((name) => topic === name || topic.startsWith(`${name}.`))
  if (kind === undefined) return null
  if (topic === kind) return { kind, category: null }
  const category = CATEGORIES_OF[kind].find((name) => topic === `${kind}.${name}`)
  return category === undefined ? null : { kind, category }
}

/** The groups of permissions of which a key needs one to subscribe. */
export function groupsOf({ kind, category }: PrivateTopic): PermissionGroup[] {
  if (kind === 'wallet') return ['Wallet']
  return category === null ? Object.values(GROUP_OF) : [GROUP_OF[category]]
}

/** The group of permissions that a category's orders, executions and positions take. */
export function groupOf(category: Category): PermissionGroup {
  return GROUP_OF[category]
}
