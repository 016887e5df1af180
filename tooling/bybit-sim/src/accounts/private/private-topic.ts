import type { Category } from '@grid/core-events'
import type { PermissionGroup } from '../keys/api-key.ts'

/** The kinds of private topics. */
export type PrivateKind = 'execution' | 'execution.fast' | 'order' | 'position' | 'wallet'

/** A category of private rows: one of the market, or that of Event Contracts. */
export type PrivateCategory = Category | 'event'

/** A private topic that can be subscribed to. */
export interface PrivateTopic {
  readonly kind: PrivateKind
  /** Null for the form that covers every category. */
  readonly category: PrivateCategory | null
}

/** The categories that each kind has topics for, beside the one that covers all. */
const CATEGORIES_OF: { readonly [Kind in PrivateKind]: readonly PrivateCategory[] } = {
  execution: ['linear', 'inverse', 'spot', 'option', 'event'],
  'execution.fast': ['linear', 'inverse', 'spot', 'option'],
  order: ['linear', 'inverse', 'spot', 'option', 'event'],
  position: ['linear', 'inverse', 'option', 'event'],
  wallet: [],
}
const KINDS = Object.keys(CATEGORIES_OF) as PrivateKind[]
const GROUP_OF: { readonly [Name in PrivateCategory]: PermissionGroup } = {
  linear: 'ContractTrade',
  inverse: 'ContractTrade',
  spot: 'Spot',
  option: 'Options',
  // Nothing says which permission Event Contracts need.
  event: 'ContractTrade',
}

/** Reads a topic; null when there is no such topic. */
export function parsePrivateTopic(topic: string): PrivateTopic | null {
  for (const kind of KINDS) {
    if (topic === kind) return { kind, category: null }
    const category = CATEGORIES_OF[kind].find((name) => topic === `${kind}.${name}`)
    if (category !== undefined) return { kind, category }
  }
  return null
}

/** The groups of permissions of which a key needs at least one to subscribe. */
export function groupsOf({ kind, category }: PrivateTopic): PermissionGroup[] {
  if (kind === 'wallet') return ['Wallet']
  return category === null ? Object.values(GROUP_OF) : [GROUP_OF[category]]
}

/** The group of permissions needed to read a category's orders, executions and positions. */
export function groupOf(category: Category): PermissionGroup {
  return GROUP_OF[category]
}
